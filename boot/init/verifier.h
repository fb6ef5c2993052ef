// boot/init/verifier.h
// The verifier process: forked before anything touches the network, it waits on a pipe, then
// repeats every check on the frozen bytes. It has an own number, no capability, an empty network
// namespace, and can write nothing. It alone parses what came from outside; PID 1 gets a message
// of fixed format. Threads: one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "boot/init/verdict.h"
#include "boot/machine/child.h"
#include "boot/mode_policy.h"
#include "proto/fd.h"
#include "proto/ports.h"
#include "proto/trust.h"

namespace phase::boot {

/// What the verifier knows before anything was fetched; nothing in it comes from the network.
struct VerifierOrder {
  std::string parent;  ///< Folder of fetched files.
  TrustPolicy policy;
  std::string channel, arch;
  std::uint64_t min_version = 0;
  std::uint64_t tpm_counter = 0;  ///< No root with a lower counter is accepted.
  WallTime now{};      ///< Of the whole attempt, fixed before anything is fetched.
  Mode mode = Mode::kInternet;
  std::vector<std::string> bootstrap;
  /// Bytes that `parent` can hold, what was fetched among them; 0: nobody knows.
  std::uint64_t room = 0;
};

/// What it is told once the folder is frozen.
struct VerifierQuestion {
  std::string name;  ///< The release's folder, by the network child's word.
  /// PID 1's stages for the report, name and seconds: before the network child's and after them.
  std::vector<std::pair<std::string, double>> before, after;
};

/// The verifier's work without its process.
[[nodiscard]] Result<Verdict> judge(const VerifierOrder& order, const VerifierQuestion& question,
                                    const Clock& clock, const MemInfo& memory);

class Verifier {
 public:
  static Result<Verifier> start(const VerifierOrder& order, uid_t uid);
  Verifier(Verifier&&) noexcept = default;
  Verifier& operator=(Verifier&&) noexcept = default;
  ~Verifier();  ///< Kills and reaps it.

  /// Once. kTimeout where no verdict came by `deadline`, else the verdict or its error.
  [[nodiscard]] Result<Verdict> ask(const VerifierQuestion& question, MonoTime deadline,
                                    const Clock& clock);

 private:
  Verifier(Child child, Fd questions, Fd verdicts)
      : child_(std::move(child)),
        questions_(std::move(questions)),
        verdicts_(std::move(verdicts)) {}
  Child child_;
  Fd questions_;
  Fd verdicts_;
};

}  // namespace phase::boot
