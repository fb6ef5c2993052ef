// proto/result.h
// A value or an Error. Hostile input, the network and the disk always come back as an Error;
// a broken invariant of ours is a PHASE check that stays on in release builds.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace phase {

/// Each way to fail, once. The number is the exit code of our programs and never changes its
/// meaning; docs/EXIT-CODES.md is generated from error_name() and error_advice().
enum class ErrorCode : std::uint8_t {
  kInternal = 1,             ///< A defect of ours.
  kUsage = 2,                ///< Wrong option or argument.
  kConfig = 3,               ///< A configuration or trust file that cannot be used.
  kCancelled = 4,            ///< Stopped on request.
  kTimeout = 5,              ///< The whole attempt ran out of time.
  // What the documents say.
  kMalformed = 10,           ///< Cannot be decoded: truncated, altered, over a limit.
  kUnsigned = 11,            ///< No signature at all.
  kBadSignature = 12,        ///< A trusted key is named, its signature does not match the bytes.
  kWrongKey = 13,            ///< Signed, but by no key that is trusted.
  kWrongChannel = 14,
  kWrongArch = 15,
  kExpired = 16,
  kRollback = 17,            ///< Release or root version below the floor.
  kNotGranted = 18,          ///< The root lets nobody sign for this channel and architecture.
  kMissingRoot = 19,         ///< A root document between the trusted one and this one is missing.
  // What the bytes say.
  kLargerThanSigned = 20,
  kSmallerThanSigned = 21,
  kAltered = 22,             ///< Right size, wrong hash; no honest provider is left.
  // What the network says.
  kNoInterface = 30,
  kNoDhcp = 31,
  kNoBootstrap = 32,         ///< No DHT node answered.
  kNoPointer = 33,           ///< The DHT answered, the pointer is not there.
  kNoProvider = 34,          ///< The pointer was found, nobody serves the release.
  kProvider = 35,            ///< A given provider (URL) failed or misbehaved.
  kNetwork = 36,             ///< Any other network error.
  kPortInUse = 37,
  // What the machine says.
  kMemory = 40,              ///< The release does not fit into this machine's memory.
  kKexec = 41,               ///< The kernel refuses to load or to jump.
  kStore = 42,               ///< The store or a file cannot be written or read.
  kNotFound = 43,            ///< A named file, key, channel or release does not exist.
  kTpm = 45,                 ///< The TPM refuses, or holds a higher counter than the root names.
  kMissingSignature = 46,    ///< Fewer keys signed than the root asks for; nothing is published.
  kExists = 44,              ///< Would overwrite what must not be overwritten.
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string detail;  ///< One line for a person: file or peer, what was expected, what to do.

  /// Adds one phrase in front: `channel stable: from 10.0.0.7: manifest: bad signature`.
  [[nodiscard]] Error in(std::string_view context) const {
    return Error{code, std::string(context) + ": " + detail};
  }
};

/// Short stable name, e.g. "bad-signature"; for logs, reports and --json.
[[nodiscard]] const char* error_name(ErrorCode code);
/// What a person can do about it, one sentence.
[[nodiscard]] const char* error_advice(ErrorCode code);
[[nodiscard]] constexpr int exit_code(ErrorCode code) { return static_cast<int>(code); }

/// Ends the program with a message where an invariant of ours is broken.
inline void check(bool invariant, const char* what) {
  if (!invariant) {
    (void)std::fprintf(stderr, "phase: broken invariant: %s\n", what);
    std::abort();
  }
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  Result(ErrorCode code, std::string detail) : Result(Error{code, std::move(detail)}) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    check(!ok(), "error() of a Result that holds a value");
    return std::get<1>(state_);
  }

 private:
  T& value() {
    check(ok(), "value of a Result that holds an error");
    return std::get<0>(state_);
  }
  const T& value() const {
    check(ok(), "value of a Result that holds an error");
    return std::get<0>(state_);
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT: implicit on purpose
  Result(ErrorCode code, std::string detail) : Result(Error{code, std::move(detail)}) {}

  [[nodiscard]] bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  [[nodiscard]] const Error& error() const {
    check(!ok_, "error() of a Result that holds a value");
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace phase
