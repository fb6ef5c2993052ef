#include "dht/lan/datagram.h"

namespace phase::dht::lan {
namespace {

constexpr std::size_t kHeader = 12;
constexpr unsigned kCname = 5;
constexpr unsigned kDname = 39;

/// Walks over names and records and follows no pointer, so each byte is read once.
class Walk {
 public:
  explicit Walk(ByteView bytes) : bytes_(bytes) {}

  [[nodiscard]] unsigned u16(std::size_t at) const {
    return static_cast<unsigned>(bytes_[at] << 8 | bytes_[at + 1]);
  }
  bool skip(std::size_t count) {
    if (bytes_.size() - at_ < count) return false;
    at_ += count;
    return true;
  }
  bool skip_name() {
    while (at_ < bytes_.size()) {
      const unsigned length = bytes_[at_];
      if (length >= 0xC0) return skip(2);  // A pointer ends a name (RFC 1035 4.1.4).
      if (length > 63 || !skip(1 + length)) return false;
      if (length == 0) return true;
    }
    return false;
  }
  Verdict skip_record() {
    if (!skip_name() || bytes_.size() - at_ < 10) return Verdict::kMalformed;
    const unsigned type = u16(at_);
    const unsigned length = u16(at_ + 8);
    if (!skip(10 + length)) return Verdict::kMalformed;
    return type == kCname || type == kDname ? Verdict::kAlias : Verdict::kPass;
  }

 private:
  ByteView bytes_;
  std::size_t at_ = kHeader;
};

}  // namespace

Verdict judge_datagram(ByteView untrusted) {
  if (untrusted.size() > kMaxDatagram) return Verdict::kTooLarge;
  if (untrusted.size() < kHeader) return Verdict::kMalformed;
  Walk walk(untrusted);
  for (unsigned left = walk.u16(4); left > 0; --left) {
    if (!walk.skip_name() || !walk.skip(4)) return Verdict::kMalformed;
  }
  // Answers, authorities and additional records alike: Avahi reads them in one row.
  for (unsigned left = walk.u16(6) + walk.u16(8) + walk.u16(10); left > 0; --left) {
    const Verdict verdict = walk.skip_record();
    if (verdict != Verdict::kPass) return verdict;
  }
  return Verdict::kPass;
}

}  // namespace phase::dht::lan
