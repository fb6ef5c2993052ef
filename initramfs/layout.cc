#include "initramfs/layout.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "initramfs/module_set.h"
#include "proto/cpio_writer.h"

namespace phase::initramfs {
namespace {

constexpr std::array kOrder{Group::kOther, Group::kPrograms, Group::kLibraries, Group::kModules};

std::string_view relative(const std::string& path) {
  return std::string_view(path).substr(1);
}

/// Writes files and keeps account of what the compressor made of each.
class Accountant {
 public:
  Accountant(Compression compression, std::uint32_t mtime)
      : compressor_(make_compressor(compression)),
        cpio_(
            [this](ByteView bytes) {
              out_.unpacked += bytes.size();
              compressor_->write(bytes);
            },
            mtime) {}

  CpioWriter& cpio() { return cpio_; }

  void begin(Group group) {
    close_block();
    out_.groups.push_back({group_name(group), group, 0, 0, 0});
  }

  void file(const std::string& path, const LayoutFile& file) {
    const bool listed = file.content.size() >= kListedBytes;
    if (listed) close_block();
    cpio_.file(relative(path), file.content, file.mode);
    RoomUsed& group = out_.groups.back();
    group.files += 1;
    group.size += file.content.size();
    if (!listed) return;
    const std::uint64_t before = at_;
    close_block();
    out_.files.push_back({path, file.group, 1, file.content.size(), at_ - before});
  }

  WrittenArchive finish() {
    cpio_.finish();
    compressor_->finish();
    account();
    out_.bytes = compressor_->output();
    return std::move(out_);
  }

 private:
  void close_block() {
    compressor_->flush();
    account();
  }
  void account() {
    const std::uint64_t now = compressor_->output().size();
    if (!out_.groups.empty()) out_.groups.back().packed += now - at_;
    at_ = now;
  }

  std::unique_ptr<Compressor> compressor_;
  CpioWriter cpio_;
  WrittenArchive out_;
  std::uint64_t at_ = 0;
};

}  // namespace

const char* group_name(Group group) {
  switch (group) {
    case Group::kPrograms:
      return "programs";
    case Group::kLibraries:
      return "libraries";
    case Group::kModules:
      return "modules";
    default:
      return "other";
  }
}

Result<void> Layout::claim(const std::string& path) {
  if (path.size() < 2 || path.front() != '/' || !valid_module_path(relative(path))) {
    return {ErrorCode::kUsage, path + ": is no clean absolute path for the archive"};
  }
  if (files_.contains(path) || devices_.contains(path)) {
    return {ErrorCode::kUsage, path + ": is in the archive already; choose another path"};
  }
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string parent = path.substr(0, at);
    if (files_.contains(parent) || devices_.contains(parent)) {
      return {ErrorCode::kUsage, path + ": " + parent + " is a file, no folder"};
    }
    directories_.emplace(parent, 0755);
  }
  return {};
}

Result<void> Layout::directory(const std::string& path, std::uint32_t mode) {
  if (auto claimed = claim(path); !claimed) return claimed;
  directories_[path] = mode;
  return {};
}

Result<void> Layout::file(const std::string& path, LayoutFile file) {
  if (auto claimed = claim(path); !claimed) return claimed;
  if (directories_.contains(path)) {
    return {ErrorCode::kUsage, path + ": is a folder of the archive already"};
  }
  files_.emplace(path, std::move(file));
  return {};
}

Result<void> Layout::device(const std::string& path, DeviceNode node) {
  if (auto claimed = claim(path); !claimed) return claimed;
  devices_.emplace(path, node);
  return {};
}

std::vector<const std::pair<const std::string, LayoutFile>*> Layout::in_order(Group group) const {
  std::vector<const std::pair<const std::string, LayoutFile>*> out;
  for (const auto& entry : files_) {
    if (entry.second.group == group) out.push_back(&entry);
  }
  // From the last path to the first, so that /bin/busybox, which has most of the C library in it,
  // stands next to the C library, within the compressor's window: 0.3 MB in the node's archive.
  if (group == Group::kPrograms) std::reverse(out.begin(), out.end());
  return out;
}

Result<WrittenArchive> Layout::write(Compression compression, std::uint32_t mtime,
                                     const std::function<bool()>& cancelled) const {
  Accountant accountant(compression, mtime);
  accountant.begin(Group::kOther);
  for (const auto& [path, mode] : directories_) accountant.cpio().directory(relative(path), mode);
  for (const auto& [path, node] : devices_) {
    accountant.cpio().character_device(relative(path), node.mode, node.major, node.minor);
  }
  for (const Group group : kOrder) {
    if (group != Group::kOther) accountant.begin(group);
    for (const auto* entry : in_order(group)) {
      if (cancelled()) return {ErrorCode::kCancelled, "stopped on request"};
      accountant.file(entry->first, entry->second);
    }
  }
  return accountant.finish();
}

}  // namespace phase::initramfs
