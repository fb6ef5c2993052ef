// sim/scenario/run_release.h
// What a run publishes: the key, the files of each next version, and which bytes each published
// version consists of, so that what a machine booted can be held against it.
//
// Threads: the owner's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/result.h"
#include "sim/made_release.h"
#include "sim/release_kit.h"
#include "sim/scenario/scenario.h"
#include "sim/shell.h"

namespace phase::sim {

struct RunKernel {
  std::string package;  ///< Of the real kernel; empty: none is needed.
  std::string kit;      ///< A folder that has a kit of it already; empty: one is made.
};

class RunRelease {
 public:
  /// Key and files land in `folder`. kNotFound where a real kernel is wanted and there is none.
  static Result<RunRelease> make(Shell& shell, const Scenario& scenario, const RunKernel& kernel,
                                 const std::string& folder, std::uint64_t rng_seed);

  /// Writes the next version's files; `changed` of the initramfs' bytes differ from the last one.
  Result<void> prepare_next(double changed);
  /// Options of `plasmd publish` for the files that were prepared last.
  [[nodiscard]] std::vector<std::string> publish_arguments(const std::string& store) const;
  [[nodiscard]] std::vector<std::string> renew_arguments(const std::string& store) const;
  /// `plasmd publish` said that they are `version` now, or the renewed last ones.
  void published(std::uint64_t version);

  /// Whether `folder` has the artifacts of `version`, byte for byte.
  [[nodiscard]] bool intact(std::uint64_t version, const std::string& folder) const;
  [[nodiscard]] bool is_published(std::uint64_t version) const { return files_.contains(version); }
  [[nodiscard]] std::uint64_t newest() const { return files_.empty() ? 0 : files_.rbegin()->first; }
  [[nodiscard]] std::uint64_t image_bytes() const { return image_bytes_; }
  [[nodiscard]] const ReleaseKit& kit() const { return kit_; }
  /// KEY/CHANNEL/ARCH
  [[nodiscard]] std::string follow() const;

 private:
  explicit RunRelease(std::string folder) : folder_(std::move(folder)) {}
  Result<void> write_initramfs(const std::string& path, double changed);

  struct Files {
    std::string kernel, initramfs;
  };
  std::string folder_;
  ReleaseKit kit_;
  bool real_kernel_ = false;
  std::optional<MadePayload> payload_;
  Files prepared_;
  int count_ = 0;
  std::uint64_t image_bytes_ = 0;
  std::map<std::uint64_t, Files> files_;  // By version.
};

}  // namespace phase::sim
