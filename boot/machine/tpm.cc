#include "boot/machine/tpm.h"

#include <poll.h>
#include <tss2/tss2_sys.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace phase::boot {
namespace {

// TPM 2.0 library, part 1, 18.2: tag (2 bytes), size of the whole (4), code (4).
constexpr std::size_t kHeader = 10;
constexpr std::size_t kMaxAnswer = 4096;
// Anybody on this machine may read and set (both with an empty authorisation), so that it works
// whoever owns the TPM later; nobody but its owner may remove it. Wrong guesses at it lock nothing.
constexpr TPMA_NV kAttributes = (TPM2_NT_BITS << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_AUTHREAD |
                                TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA;

/// What libtss2-sys talks through: one descriptor. Its first member is what the library knows.
struct Line {
  TSS2_TCTI_CONTEXT_COMMON_V1 common{};
  int fd = -1;
  std::vector<std::uint8_t> answer;  ///< Read and not taken yet.
};

static_assert(std::is_standard_layout_v<Line>, "its address is that of its first member");

Line& line_of(TSS2_TCTI_CONTEXT* context) { return *reinterpret_cast<Line*>(context); }

TSS2_RC transmit(TSS2_TCTI_CONTEXT* context, std::size_t size, const std::uint8_t* command) {
  Line& line = line_of(context);
  line.answer.clear();
  // The device takes a command whole or not at all.
  for (;;) {
    const auto wrote = ::write(line.fd, command, size);
    if (wrote < 0 && errno == EINTR) continue;
    return wrote == static_cast<ssize_t>(size) ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_IO_ERROR;
  }
}

std::size_t size_said(const std::vector<std::uint8_t>& answer) {
  return std::size_t{answer[2]} << 24 | std::size_t{answer[3]} << 16 | std::size_t{answer[4]} << 8 |
         answer[5];
}

/// Until the answer is as long as its header says: a socket may give it in parts.
bool read_answer(Line& line) {
  std::array<std::uint8_t, kMaxAnswer> block;
  while (line.answer.size() < kHeader || line.answer.size() < size_said(line.answer)) {
    pollfd waiting{.fd = line.fd, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) return false;
    const auto got = ::read(line.fd, block.data(), block.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return false;
    line.answer.insert(line.answer.end(), block.begin(), block.begin() + got);
    const bool has_size = line.answer.size() >= kHeader;
    if (line.answer.size() > kMaxAnswer || (has_size && size_said(line.answer) > kMaxAnswer)) {
      return false;
    }
  }
  return line.answer.size() == size_said(line.answer);
}

TSS2_RC receive(TSS2_TCTI_CONTEXT* context, std::size_t* size, std::uint8_t* response,
                std::int32_t /*timeout*/) {
  Line& line = line_of(context);
  if (line.answer.empty() && !read_answer(line)) return TSS2_TCTI_RC_IO_ERROR;
  const std::size_t room = *size;
  *size = line.answer.size();
  if (response == nullptr) return TSS2_RC_SUCCESS;
  if (room < line.answer.size()) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
  std::copy(line.answer.begin(), line.answer.end(), response);
  line.answer.clear();
  return TSS2_RC_SUCCESS;
}

/// An empty password, which is what an index of ours and an owner that nobody set have.
TSS2L_SYS_AUTH_COMMAND empty_password() {
  TSS2L_SYS_AUTH_COMMAND out{};
  out.count = 1;
  out.auths[0].sessionHandle = TPM2_RH_PW;
  return out;
}

class Tpm {
 public:
  explicit Tpm(int fd) {
    line_.common.magic = 0x70686173655f746f;
    line_.common.version = 1;
    line_.common.transmit = transmit;
    line_.common.receive = receive;
    line_.fd = fd;
    const std::size_t size = Tss2_Sys_GetContextSize(0);
    memory_ = std::make_unique<std::uint8_t[]>(size);
    TSS2_ABI_VERSION abi = TSS2_ABI_VERSION_CURRENT;
    ready_ = Tss2_Sys_Initialize(context(), size,
                                 reinterpret_cast<TSS2_TCTI_CONTEXT*>(&line_.common),
                                 &abi) == TSS2_RC_SUCCESS;
  }
  ~Tpm() {
    if (ready_) Tss2_Sys_Finalize(context());
  }
  Tpm(const Tpm&) = delete;
  Tpm& operator=(const Tpm&) = delete;

  /// The attributes of our index; none where it is not defined.
  Result<std::optional<TPMA_NV>> attributes() {
    if (!ready_) return {ErrorCode::kInternal, "libtss2-sys does not start"};
    TPM2B_NV_PUBLIC found{};
    TPM2B_NAME name{};
    const TSS2_RC code = Tss2_Sys_NV_ReadPublic(context(), kTpmIndex, nullptr, &found, &name, nullptr);
    // TPM_RC_HANDLE, with the number of the handle beside it.
    if ((code & ~TSS2_RC{TPM2_RC_N_MASK}) == TPM2_RC_HANDLE) return std::optional<TPMA_NV>();
    if (code != TSS2_RC_SUCCESS) return refused("TPM2_NV_ReadPublic", code);
    if ((found.nvPublic.attributes & ~TPMA_NV_WRITTEN) != kAttributes ||
        found.nvPublic.dataSize != sizeof(std::uint64_t)) {
      return {ErrorCode::kTpm, "the NV index of Phase Boot is defined in another way; remove it as "
                               "the TPM's owner"};
    }
    return std::optional<TPMA_NV>(found.nvPublic.attributes);
  }

  Result<std::uint64_t> read() {
    const auto auth = empty_password();
    TSS2L_SYS_AUTH_RESPONSE answered{};
    TPM2B_MAX_NV_BUFFER data{};
    const TSS2_RC code = Tss2_Sys_NV_Read(context(), kTpmIndex, kTpmIndex, &auth,
                                          sizeof(std::uint64_t), 0, &data, &answered);
    if (code != TSS2_RC_SUCCESS) return refused("TPM2_NV_Read", code);
    if (data.size != sizeof(std::uint64_t)) {
      return {ErrorCode::kTpm, "TPM2_NV_Read: " + std::to_string(data.size) + " bytes came, not 8"};
    }
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof bits; ++i) bits = bits << 8 | data.buffer[i];
    return bits;
  }

  Result<void> define() {
    const auto auth = empty_password();
    TSS2L_SYS_AUTH_RESPONSE answered{};
    const TPM2B_AUTH none{};
    TPM2B_NV_PUBLIC index{};
    index.nvPublic.nvIndex = kTpmIndex;
    index.nvPublic.nameAlg = TPM2_ALG_SHA256;
    index.nvPublic.attributes = kAttributes;
    index.nvPublic.dataSize = sizeof(std::uint64_t);
    const TSS2_RC code =
        Tss2_Sys_NV_DefineSpace(context(), TPM2_RH_OWNER, &auth, &none, &index, &answered);
    if (code != TSS2_RC_SUCCESS) return refused("TPM2_NV_DefineSpace", code);
    return {};
  }

  Result<void> set(std::uint64_t bits) {
    const auto auth = empty_password();
    TSS2L_SYS_AUTH_RESPONSE answered{};
    const TSS2_RC code =
        Tss2_Sys_NV_SetBits(context(), kTpmIndex, kTpmIndex, &auth, bits, &answered);
    if (code != TSS2_RC_SUCCESS) return refused("TPM2_NV_SetBits", code);
    return {};
  }

 private:
  [[nodiscard]] TSS2_SYS_CONTEXT* context() {
    return reinterpret_cast<TSS2_SYS_CONTEXT*>(memory_.get());
  }
  static Error refused(const char* command, TSS2_RC code) {
    char text[64];
    std::snprintf(text, sizeof text, "%s is refused (code 0x%x)", command,
                  static_cast<unsigned>(code));
    return {ErrorCode::kTpm, text};
  }

  Line line_;
  std::unique_ptr<std::uint8_t[]> memory_;
  bool ready_ = false;
};

}  // namespace

Result<std::optional<std::uint64_t>> read_tpm_bits(int fd) {
  Tpm tpm(fd);
  const auto found = tpm.attributes();
  if (!found) return found.error();
  if (!*found) return std::optional<std::uint64_t>();
  // Defined, and switched off before it was written: it holds nothing.
  if ((**found & TPMA_NV_WRITTEN) == 0) return std::optional<std::uint64_t>(0);
  const auto bits = tpm.read();
  if (!bits) return bits.error();
  return std::optional<std::uint64_t>(*bits);
}

Result<void> set_tpm_bits(int fd, std::uint64_t bits) {
  Tpm tpm(fd);
  const auto found = tpm.attributes();
  if (!found) return found.error();
  if (!*found) {
    if (auto defined = tpm.define(); !defined) return defined;
  }
  return tpm.set(bits);
}

}  // namespace phase::boot
