// Written archives are read back by libarchive and by GNU cpio.
#include "proto/cpio_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

constexpr std::uint32_t kMtime = 1767225600;

CpioWriter::Sink into(Bytes& out) {
  return [&out](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
}

/// Every kind of entry, and every padding of name and content.
Bytes sample(bool devices) {
  Bytes out;
  CpioWriter writer(into(out), kMtime);
  writer.directory("dev", 0755);
  if (devices) writer.character_device("dev/console", 0600, 5, 1);
  writer.directory("etc");
  for (std::size_t size = 0; size < 6; ++size) {
    writer.file("etc/" + std::string(size + 1, 'f'), test::pattern(size), 0640);
  }
  writer.file("init", test::pattern(100'001), 0755);
  writer.symlink("sbin", "usr/sbin");
  writer.finish();
  return out;
}

struct ReadEntry {
  mode_t mode;
  std::string link;
  std::string content;
  std::int64_t mtime;
  std::int64_t inode;
};

std::vector<std::pair<std::string, ReadEntry>> read_back(const Bytes& bytes) {
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_cpio(reader.get());
  EXPECT_EQ(archive_read_open_memory(reader.get(), bytes.data(), bytes.size()), ARCHIVE_OK);
  std::vector<std::pair<std::string, ReadEntry>> out;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    const char* link = archive_entry_symlink(entry);
    const std::int64_t size = link != nullptr ? 0 : archive_entry_size(entry);
    std::string content(static_cast<std::size_t>(size), '\0');
    EXPECT_EQ(archive_read_data(reader.get(), content.data(), content.size()),
              static_cast<la_ssize_t>(content.size()));
    out.emplace_back(archive_entry_pathname(entry),
                     ReadEntry{archive_entry_mode(entry), link != nullptr ? link : "", content,
                               archive_entry_mtime(entry), archive_entry_ino64(entry)});
    if (archive_entry_filetype(entry) == AE_IFCHR) {
      EXPECT_EQ(archive_entry_rdevmajor(entry), 5u);
      EXPECT_EQ(archive_entry_rdevminor(entry), 1u);
    }
  }
  EXPECT_EQ(status, ARCHIVE_EOF) << archive_error_string(reader.get());
  return out;
}

TEST(CpioWriter, IsReadBackByLibarchive) {
  const auto entries = read_back(sample(true));
  ASSERT_EQ(entries.size(), 11u);
  EXPECT_EQ(entries[0].first, "dev");
  EXPECT_EQ(entries[0].second.mode, S_IFDIR | 0755u);
  EXPECT_EQ(entries[1].first, "dev/console");
  EXPECT_EQ(entries[1].second.mode, S_IFCHR | 0600u);
  for (std::size_t size = 0; size < 6; ++size) {
    const auto& [path, entry] = entries[3 + size];
    EXPECT_EQ(path, "etc/" + std::string(size + 1, 'f'));
    EXPECT_EQ(entry.mode, S_IFREG | 0640u);
    EXPECT_EQ(entry.content, as_text(test::pattern(size)));
  }
  EXPECT_EQ(entries[9].second.content, as_text(test::pattern(100'001)));
  EXPECT_EQ(entries[10].second.mode, S_IFLNK | 0777u);
  EXPECT_EQ(entries[10].second.link, "usr/sbin");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].second.mtime, kMtime);
    EXPECT_EQ(entries[i].second.inode, static_cast<std::int64_t>(i + 1)) << "counts up";
  }
}

TEST(CpioWriter, IsUnpackedByCpio) {
  const test::TempFolder folder;
  test::write_file(folder / "archive", sample(false));
  std::filesystem::create_directory(folder / "out");
  const auto ran =
      test::run(folder / "out", {"cpio", "-i", "-m", "--quiet", "--no-absolute-filenames"},
                folder / "archive");
  ASSERT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(ran.output, "") << "cpio warns of padding and trailers that are wrong";
  EXPECT_EQ(test::read_file(folder / "out/init"), as_text(test::pattern(100'001)));
  EXPECT_EQ(test::read_file(folder / "out/etc/ffffff"), as_text(test::pattern(5)));
  EXPECT_EQ(std::filesystem::read_symlink(folder / "out/sbin"), "usr/sbin");
  struct stat status {};
  ASSERT_EQ(::stat((folder / "out/init").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFREG | 0755u);
  EXPECT_EQ(status.st_mtime, kMtime);
}

TEST(CpioWriter, ListsDevicesInCpio) {
  const test::TempFolder folder;
  test::write_file(folder / "archive", sample(true));
  const auto ran = test::run(folder.path(), {"cpio", "-t", "-v", "--quiet"}, folder / "archive");
  ASSERT_EQ(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("crw-------"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("dev/console"), std::string::npos) << ran.output;
}

// The hand-over puts an archive of its own behind a signed one (a 4-byte boundary is all that
// Linux asks for); both must be found.
TEST(CpioWriter, EndsOnAFourByteBoundary) {
  for (std::size_t size = 0; size < 5; ++size) {
    Bytes out;
    CpioWriter writer(into(out), 0);
    writer.file(std::string(size + 1, 'n'), test::pattern(size));
    writer.finish();
    EXPECT_EQ(out.size() % 4, 0u);
  }
}

TEST(CpioWriter, WritesTheSameBytesForTheSameInput) {
  EXPECT_EQ(sample(true), sample(true));
}

TEST(CpioWriterDeathTest, RefusesAbsolutePathsAndWhatFollowsTheTrailer) {
  Bytes out;
  CpioWriter writer(into(out), 0);
  EXPECT_DEATH(writer.file("/init", {}), "relative");
  EXPECT_DEATH(writer.file("", {}), "relative");
  writer.finish();
  EXPECT_DEATH(writer.file("init", {}), "after the trailer");
}

}  // namespace
}  // namespace phase
