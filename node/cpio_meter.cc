#include "node/cpio_meter.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace phase::node {
namespace {

constexpr std::size_t kHeaderBytes = 110;
constexpr std::uint64_t kMaxName = 4096;  // PATH_MAX: the kernel refuses longer ones
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kInode = 1024;
constexpr std::string_view kTrailer = "TRAILER!!!";

std::uint64_t up(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }

std::optional<std::uint32_t> hex_field(ByteView header, int index) {
  const auto text = as_text(header.subspan(6 + 8 * static_cast<std::size_t>(index), 8));
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 8, value, 16);
  if (error != std::errc() || end != text.data() + 8) return std::nullopt;
  return value;
}

Error bad(const char* what) { return {ErrorCode::kMalformed, what}; }

}  // namespace

Result<void> CpioMeter::feed(ByteView bytes) {
  const auto used = feed_some(bytes);
  if (!used) return used.error();
  if (*used < bytes.size()) return bad("no cpio archive (format newc) inside");
  return {};
}

Result<std::size_t> CpioMeter::feed_some(ByteView bytes) {
  const auto all = bytes.size();
  while (!bytes.empty()) {
    if (state_ == State::kBetween) {
      if (bytes.front() == 0) {
        bytes = bytes.subspan(1);
        continue;
      }
      if (bytes.front() != '0') break;
      state_ = State::kHeader;
      offset_ = 0;
      held_.clear();
    }
    if (state_ == State::kContent) {
      const auto passed = std::min<std::uint64_t>(skip_, bytes.size());
      skip_ -= passed;
      bytes = bytes.subspan(static_cast<std::size_t>(passed));
      if (skip_ == 0) state_ = State::kHeader;
      continue;
    }
    const auto whole =
        state_ == State::kHeader ? kHeaderBytes : static_cast<std::size_t>(name_size_);
    const auto taken = std::min(whole - held_.size(), bytes.size());
    held_.insert(held_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (held_.size() < whole) continue;
    if (auto done = state_ == State::kHeader ? end_of_header() : end_of_name(); !done)
      return done.error();
    held_.clear();
  }
  return all - bytes.size();
}

Result<void> CpioMeter::end_of_header() {
  const auto magic = as_text(ByteView(held_).first(6));
  if (magic != "070701" && magic != "070702")
    return bad("a cpio archive that is damaged, or no longer format newc");
  const auto file_size = hex_field(held_, 6);
  const auto name_size = hex_field(held_, 11);
  if (!file_size || !name_size || *name_size == 0 || *name_size > kMaxName)
    return bad("a cpio entry with sizes that cannot be");
  file_size_ = *file_size;
  name_size_ = *name_size;
  offset_ += kHeaderBytes;
  state_ = State::kName;
  return {};
}

Result<void> CpioMeter::end_of_name() {
  offset_ += name_size_;
  const auto name = as_text(ByteView(held_).first(held_.size() - 1));
  if (name == kTrailer) {
    state_ = State::kBetween;
    return {};
  }
  entries_ += 1;
  unpacked_ += kInode + up(file_size_, kPage);
  const auto name_end = up(offset_, 4);
  const auto content_end = up(name_end + file_size_, 4);
  skip_ = content_end - offset_;
  offset_ = content_end;
  state_ = skip_ == 0 ? State::kHeader : State::kContent;
  return {};
}

Result<void> CpioMeter::finish() const {
  if (state_ != State::kBetween) return bad("a cpio archive that is cut off");
  if (entries_ == 0) return bad("no file inside");
  return {};
}

}  // namespace phase::node
