#include "initramfs/deb_package.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

namespace phase::initramfs {
namespace {

struct ArchiveFree {
  void operator()(archive* handle) const { archive_read_free(handle); }
};
using ArchiveHandle = std::unique_ptr<archive, ArchiveFree>;

constexpr std::size_t kReadBytes = 64 * 1024;

std::string reason(archive* handle) {
  const char* text = archive_error_string(handle);
  return text == nullptr ? "unreadable" : shown(text);
}

std::string entry_path(archive_entry* entry) {
  const char* path = archive_entry_pathname(entry);
  return path == nullptr ? std::string() : path;
}

void allow_compressions(archive* handle) {
  archive_read_support_filter_none(handle);
  archive_read_support_filter_gzip(handle);
  archive_read_support_filter_bzip2(handle);
  archive_read_support_filter_xz(handle);
  archive_read_support_filter_zstd(handle);
}

/// The content of the current entry, however long it claims to be.
Result<Bytes> read_content(archive* handle, std::uint64_t limit, const std::string& what) {
  Bytes out;
  Bytes block(kReadBytes);
  for (;;) {
    const la_ssize_t got = archive_read_data(handle, block.data(), block.size());
    if (got < 0) return {ErrorCode::kMalformed, what + ": " + reason(handle)};
    if (got == 0) return out;
    if (out.size() + static_cast<std::uint64_t>(got) > limit) {
      return {ErrorCode::kMalformed,
              what + ": holds more than " + std::to_string(limit) + " bytes"};
    }
    out.insert(out.end(), block.begin(), block.begin() + got);
  }
}

/// Feeds the current entry of one archive to another as its file.
struct Nested {
  archive* outer;
  std::vector<char> block = std::vector<char>(kReadBytes);

  static la_ssize_t read(archive* inner, void* self, const void** out) {
    auto* nested = static_cast<Nested*>(self);
    *out = nested->block.data();
    const la_ssize_t got =
        archive_read_data(nested->outer, nested->block.data(), nested->block.size());
    if (got < 0) archive_set_error(inner, EIO, "%s", reason(nested->outer).c_str());
    return got < 0 ? ARCHIVE_FATAL : got;
  }
};

DebEntry describe(archive_entry* entry) {
  DebEntry out;
  out.path = entry_path(entry);
  const bool hard_link = archive_entry_hardlink(entry) != nullptr;
  out.link = hard_link || archive_entry_symlink(entry) != nullptr;
  out.regular = archive_entry_filetype(entry) == AE_IFREG && !hard_link;
  const la_int64_t size = archive_entry_size(entry);
  out.size = size > 0 ? static_cast<std::uint64_t>(size) : 0;
  return out;
}

/// Streams the tar archive that is the current entry of `outer`.
Result<void> read_tar(archive* outer, const std::string& what, const DebVisitor& visitor) {
  Nested nested{outer};
  const ArchiveHandle inner(archive_read_new());
  archive_read_support_format_tar(inner.get());
  allow_compressions(inner.get());
  if (archive_read_open(inner.get(), &nested, nullptr, &Nested::read, nullptr) != ARCHIVE_OK) {
    return {ErrorCode::kMalformed, what + ": " + reason(inner.get())};
  }
  std::uint64_t entries = 0;
  for (;;) {
    archive_entry* raw = nullptr;
    const int answer = archive_read_next_header(inner.get(), &raw);
    if (answer == ARCHIVE_EOF) return {};
    if (answer < ARCHIVE_WARN) return {ErrorCode::kMalformed, what + ": " + reason(inner.get())};
    const auto unpacked = static_cast<std::uint64_t>(archive_filter_bytes(inner.get(), 0));
    if (++entries > visitor.max_entries || unpacked > visitor.max_unpacked) {
      return {ErrorCode::kMalformed, what + ": more than " + std::to_string(visitor.max_entries) +
                                         " entries or " + std::to_string(visitor.max_unpacked) +
                                         " bytes"};
    }
    const DebEntry entry = describe(raw);
    auto wanted = visitor.wants(entry);
    if (!wanted) return wanted.error();
    if (!*wanted) continue;
    auto content = read_content(inner.get(), visitor.max_file, what + ": " + shown(entry.path));
    if (!content) return content.error();
    if (auto taken = visitor.content(entry, *content); !taken) return taken;
  }
}

Result<std::string> read_control(archive* outer, const std::string& what) {
  std::string control;
  DebVisitor visitor;
  visitor.max_file = kMaxControlBytes;
  visitor.max_entries = 1000;
  visitor.max_unpacked = 64 << 20;
  visitor.wants = [](const DebEntry& entry) -> Result<bool> {
    return entry.regular && (entry.path == "./control" || entry.path == "control");
  };
  visitor.content = [&](const DebEntry&, ByteView content) -> Result<void> {
    control = std::string(as_text(content));
    return {};
  };
  if (auto read = read_tar(outer, what, visitor); !read) return read.error();
  return control;
}

}  // namespace

Result<std::string> read_deb(const std::string& path, const DebVisitor& visitor) {
  const ArchiveHandle outer(archive_read_new());
  archive_read_support_format_ar(outer.get());
  archive_read_support_filter_none(outer.get());
  const Error no_deb{ErrorCode::kMalformed,
                     path + ": is no Debian package (an ar archive with control.tar and data.tar)"};
  if (archive_read_open_filename(outer.get(), path.c_str(), kReadBytes) != ARCHIVE_OK)
    return no_deb;
  std::string control;
  bool had_data = false;
  archive_entry* entry = nullptr;
  int answer = ARCHIVE_OK;
  while ((answer = archive_read_next_header(outer.get(), &entry)) == ARCHIVE_OK) {
    const std::string name = entry_path(entry);
    const std::string what = path + ": " + shown(name);
    if (name.starts_with("control.tar") && control.empty()) {
      auto read = read_control(outer.get(), what);
      if (!read) return read.error();
      control = std::move(*read);
    } else if (name.starts_with("data.tar") && !had_data) {
      had_data = true;
      if (auto read = read_tar(outer.get(), what, visitor); !read) return read.error();
    }
  }
  if (answer != ARCHIVE_EOF || control.empty() || !had_data) return no_deb;
  return control;
}

std::string shown(std::string_view untrusted) {
  std::string out(untrusted.substr(0, 200));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

std::string control_field(const std::string& control, const std::string& field) {
  const std::string start = field + ":";
  std::string_view rest = control;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!line.starts_with(start)) continue;
    line.remove_prefix(start.size());
    const std::size_t first = line.find_first_not_of(' ');
    return first == std::string_view::npos ? std::string() : std::string(line.substr(first));
  }
  return {};
}

Result<Bytes> read_compressed(const std::string& path, std::uint64_t limit) {
  const ArchiveHandle handle(archive_read_new());
  archive_read_support_format_raw(handle.get());
  archive_read_support_format_empty(handle.get());
  allow_compressions(handle.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(handle.get(), path.c_str(), kReadBytes) != ARCHIVE_OK ||
      archive_read_next_header(handle.get(), &entry) != ARCHIVE_OK) {
    return {ErrorCode::kMalformed, path + ": " + reason(handle.get())};
  }
  return read_content(handle.get(), limit, path);
}

}  // namespace phase::initramfs
