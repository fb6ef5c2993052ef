#include "boot/init/tpm_child.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>

#include "boot/init/identities.h"
#include "boot/machine/answering_child.h"
#include "boot/machine/child_rights.h"
#include "boot/machine/kmsg.h"
#include "boot/machine/tpm.h"

namespace phase::boot {
namespace {

constexpr std::size_t kMaxTpmAnswer = 512;
constexpr int kTpm = kAnswerDescriptor + 1;  ///< The child's number for the device.

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "good NUMBER", or "bad what happened".
Result<std::uint64_t> in_child(const std::function<Result<std::uint64_t>()>& work, const Fd& tpm,
                               MonoTime deadline, const Clock& clock) {
  Confinement rights = tpm_rights(kTpmUid);
  rights.descriptors = {{tpm.get(), kTpm}};
  const auto answer = ask_child(
      [&] {
        const auto bits = work();
        return bits ? "good " + std::to_string(*bits) : "bad " + bits.error().detail;
      },
      std::move(rights), kMaxTpmAnswer, deadline, clock);
  if (!answer) return {ErrorCode::kTpm, answer.error().detail};
  if (answer->starts_with("good ")) {
    if (const auto bits = number(std::string_view(*answer).substr(5))) return *bits;
  }
  if (answer->starts_with("bad ")) return {ErrorCode::kTpm, printable(answer->substr(4))};
  return {ErrorCode::kTpm, "the child that asks the TPM gave no answer"};
}

}  // namespace

Result<Fd> open_tpm(const std::string& device) {
  Fd fd(::open(device.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (fd.valid() || errno == ENOENT || errno == ENODEV || errno == ENXIO) return fd;
  return {ErrorCode::kTpm, device + ": " + std::strerror(errno)};
}

Result<TpmWord> ask_tpm(const Fd& tpm, MonoTime deadline, const Clock& clock) {
  if (!tpm.valid()) return TpmWord{};
  const auto bits = in_child(
      []() -> Result<std::uint64_t> {
        const auto read = read_tpm_bits(kTpm);
        if (!read) return read.error();
        return read->value_or(0);
      },
      tpm, deadline, clock);
  if (!bits) return bits.error();
  return TpmWord{.present = true, .counter = counter_of_bits(*bits)};
}

Result<void> keep_counter(const Fd& tpm, std::uint64_t counter, MonoTime deadline,
                          const Clock& clock) {
  const auto done = in_child(
      [&]() -> Result<std::uint64_t> {
        const auto set = set_tpm_bits(kTpm, bits_of_counter(counter));
        if (!set) return set.error();
        return 0;
      },
      tpm, deadline, clock);
  if (!done) return done.error();
  return {};
}

}  // namespace phase::boot
