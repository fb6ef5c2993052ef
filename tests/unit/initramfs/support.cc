#include "support.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

namespace phase::initramfs::testing {
namespace {

la_ssize_t append(archive*, void* out, const void* data, std::size_t size) {
  auto* bytes = static_cast<Bytes*>(out);
  const auto* from = static_cast<const std::uint8_t*>(data);
  bytes->insert(bytes->end(), from, from + size);
  return static_cast<la_ssize_t>(size);
}

void put(archive* handle, const TarEntry& from) {
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, from.path.c_str());
  archive_entry_set_filetype(entry, from.symlink.empty() ? AE_IFREG : AE_IFLNK);
  archive_entry_set_perm(entry, 0644);
  const bool plain = from.symlink.empty() && from.hardlink.empty();
  archive_entry_set_size(entry, plain ? static_cast<la_int64_t>(from.content.size()) : 0);
  if (!from.symlink.empty()) archive_entry_set_symlink(entry, from.symlink.c_str());
  if (!from.hardlink.empty()) archive_entry_set_hardlink(entry, from.hardlink.c_str());
  EXPECT_EQ(archive_write_header(handle, entry), ARCHIVE_OK) << archive_error_string(handle);
  if (plain) archive_write_data(handle, from.content.data(), from.content.size());
  archive_entry_free(entry);
}

Bytes make_archive(const std::vector<TarEntry>& entries,
                   const std::function<void(archive*)>& set_up) {
  Bytes out;
  archive* handle = archive_write_new();
  set_up(handle);
  archive_write_set_bytes_in_last_block(handle, 1);
  EXPECT_EQ(archive_write_open(handle, &out, nullptr, append, nullptr), ARCHIVE_OK);
  for (const TarEntry& entry : entries) put(handle, entry);
  EXPECT_EQ(archive_write_close(handle), ARCHIVE_OK) << archive_error_string(handle);
  archive_write_free(handle);
  return out;
}

std::string make_tar(const std::vector<TarEntry>& entries) {
  const Bytes tar = make_archive(entries, [](archive* handle) {
    archive_write_set_format_gnutar(handle);
    archive_write_add_filter_xz(handle);
  });
  return std::string(as_text(tar));
}

std::string shown(archive* handle, archive_entry* entry) {
  if (archive_entry_filetype(entry) == AE_IFDIR) return std::string(1, '/');
  std::ostringstream text;
  if (archive_entry_filetype(entry) == AE_IFLNK) {
    text << "-> " << archive_entry_symlink(entry);
  } else if (archive_entry_filetype(entry) == AE_IFCHR) {
    text << 'c' << archive_entry_rdevmajor(entry) << ':' << archive_entry_rdevminor(entry);
  } else {
    std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    EXPECT_EQ(archive_read_data(handle, content.data(), content.size()),
              static_cast<la_ssize_t>(content.size()));
    return content;
  }
  return text.str();
}

}  // namespace

Bytes make_deb(const std::string& control, const std::vector<TarEntry>& entries) {
  return make_archive({{"debian-binary", "2.0\n", {}, {}},
                       {"control.tar.xz", make_tar({{"./control", control, {}, {}}}), {}, {}},
                       {"data.tar.xz", make_tar(entries), {}, {}}},
                      [](archive* handle) { archive_write_set_format_ar_svr4(handle); });
}

Bytes compressed(const std::string& content, const std::string& how) {
  return make_archive({{"data", content, {}, {}}}, [&](archive* handle) {
    archive_write_set_format_raw(handle);
    if (how == "xz") archive_write_add_filter_xz(handle);
    if (how == "zst") archive_write_add_filter_zstd(handle);
    if (how == "gz") archive_write_add_filter_gzip(handle);
  });
}

std::map<std::string, std::string> list_cpio(const Bytes& bytes) {
  std::map<std::string, std::string> out;
  archive* handle = archive_read_new();
  archive_read_support_format_cpio(handle);
  archive_read_support_filter_all(handle);
  EXPECT_EQ(archive_read_open_memory(handle, bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  int answer = ARCHIVE_OK;
  while ((answer = archive_read_next_header(handle, &entry)) == ARCHIVE_OK) {
    out[archive_entry_pathname(entry)] = shown(handle, entry);
  }
  EXPECT_EQ(answer, ARCHIVE_EOF) << archive_error_string(handle);
  archive_read_free(handle);
  return out;
}

WorkDir temporary_folder() {
  auto folder = WorkDir::create();
  EXPECT_TRUE(folder.ok());
  return std::move(*folder);
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::string failover_module() {
  return read_text(FIXTURE_FAILOVER);
}
std::string virtio_net_module() {
  return read_text(FIXTURE_VIRTIO_NET);
}

std::string small_program() {
  return read_text(FIXTURE_PROGRAM);
}
std::string dynamic_program_path() {
  return FIXTURE_DYNAMIC;
}

std::string with_machine(std::string elf, int machine) {
  elf.at(18) = static_cast<char>(machine & 0xff);
  elf.at(19) = static_cast<char>(machine >> 8);
  return elf;
}

std::vector<TarEntry> kernel_entries() {
  const std::string modules = std::string("./lib/modules/") + kRelease;
  return {
      {std::string("./boot/vmlinuz-") + kRelease, "the kernel image", {}, {}},
      {std::string("./boot/config-") + kRelease,
       "CONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_ZSTD=y\n",
       {},
       {}},
      {modules + "/kernel/drivers/net/virtio_net.ko", virtio_net_module(), {}, {}},
      {modules + "/kernel/net/core/failover.ko", failover_module(), {}, {}},
      {modules + "/modules.builtin", "kernel/net/packet/af_packet.ko\n", {}, {}},
      {modules + "/modules.order",
       "kernel/net/core/failover.ko\nkernel/drivers/net/virtio_net.ko\n",
       {},
       {}},
      {"./usr/share/doc/linux/copyright", "nobody wants this", {}, {}},
  };
}

}  // namespace phase::initramfs::testing
