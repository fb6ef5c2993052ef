// What the verifier does inside its process: from a frozen folder to a verdict.
#include <algorithm>
#include <filesystem>

#include "boot/init/identities.h"
#include "boot/origin.h"
#include "boot/init/report.h"
#include "boot/init/tpm_floor.h"
#include "boot/init/verifier.h"
#include "boot/init/verify_release.h"
#include "proto/names.h"
#include "proto/root_chain.h"

namespace phase::boot {
namespace {

VerdictFile file_of(const Artifact& artifact) { return {artifact.name, artifact.size}; }

// What the network child says about itself: shown to people, believed in nothing.
BootReport told_by_child(const std::string& parent) {
  auto text = read_below(parent, kReportName, kMaxReportBytes);
  auto report = text ? parse_report(as_text(*text)) : Result<BootReport>(text.error());
  if (report) return std::move(*report);
  BootReport none;
  none.refusals.push_back("the network child's report cannot be used: " + report.error().detail);
  return none;
}

/// The policy with the newest root that the fetched documents lead to; `newest` is the last of them.
/// Without them the root is the one that this machine began with.
TrustPolicy current_policy(const VerifierOrder& order, Bytes& newest) {
  TrustPolicy policy = order.policy;
  newest = policy.root_document;
  const auto bytes = read_below(order.parent, kRootsName, kMaxRootChainBytes);
  if (!bytes) return policy;
  const auto documents = decode_root_chain(*bytes);
  if (!documents) return policy;
  FollowedRoots followed = follow_roots(policy.root, *documents);
  policy.root = std::move(followed.root);
  if (!followed.accepted.empty()) newest = std::move(followed.accepted.back());
  return policy;
}

std::uint64_t torrent_size(const std::string& parent) {
  const auto torrent = read_below(parent, kTorrentName, kMaxTorrentBytes);
  return torrent ? torrent->size() : 0;
}

// Files of a release that its manifest does not name (checksums, root documents) are small ones.
constexpr std::uint64_t kMaxUnsignedBytes = 1U << 20;

/// All files of the release, which whoever serves it needs: what is signed and lies there verified,
/// and what its torrent has besides, to be checked by whoever reads it. None where these are more
/// than a release has.
std::vector<VerdictFile> release_files(const std::string& parent, const std::string& name,
                                       const Manifest& manifest) {
  namespace fs = std::filesystem;
  const std::string folder = parent + "/" + name;
  std::vector<VerdictFile> files;
  std::uint64_t beside = 0;
  std::error_code failed;
  fs::recursive_directory_iterator at(folder, failed);
  for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    if (at->is_directory(failed)) continue;
    const VerdictFile file{at->path().string().substr(folder.size() + 1), at->file_size(failed)};
    const bool is_signed =
        std::any_of(manifest.artifacts.begin(), manifest.artifacts.end(),
                    [&](const Artifact& artifact) { return artifact.name == file.name; });
    if (!is_signed) beside += file.size;
    if (failed || files.size() == kMaxReleaseFiles || beside > kMaxUnsignedBytes ||
        !valid_artifact_name(file.name)) {
      return {};
    }
    files.push_back(file);
  }
  if (failed) return {};
  // The same release is the same hand-over, whatever the order in which it arrived.
  std::sort(files.begin(), files.end(),
            [](const VerdictFile& a, const VerdictFile& b) { return a.name < b.name; });
  return files;
}

/// Bytes that these files take in an archive; a rootfs has its place in it already.
std::uint64_t archived(const std::vector<VerdictFile>& files,
                       const std::optional<VerdictFile>& rootfs) {
  constexpr std::uint64_t kHeader = 512;
  std::uint64_t bytes = kHeader;
  for (const VerdictFile& file : files) {
    bytes += kHeader + (rootfs && file.name == rootfs->name ? 0 : file.size);
  }
  return bytes;
}

/// What the memory holds now, and what the file system of the fetched files can hold.
struct Room {
  const Demand& demand;
  const MemInfo& memory;
  std::uint64_t area;     ///< 0: nobody knows.
  std::uint64_t fetched;  ///< Lies there.

  [[nodiscard]] bool holds(std::uint64_t handover) const {
    return room_for_handover(demand, handover, Loader::kFile, memory) &&
           (area == 0 || fetched + demand.rootfs + handover <= area);
  }
};

std::string mib(std::uint64_t bytes) { return std::to_string((bytes >> 20) + 1) + " MiB"; }

/// Decides what is handed over: the papers, the torrent, the release, each where what comes before
/// it has its place.
void plan_handover(Verdict& verdict, BootReport& report, std::uint64_t torrent_bytes,
                   std::vector<VerdictFile> release, bool serves, const Room& room) {
  // Upper bounds: the report is not written yet, and each file has a header.
  const std::uint64_t papers = kMaxReportBytes + kMaxOriginBytes + kMaxPointerFileBytes +
                               kMaxNodesFileBytes + verdict.root.size() + 4096;
  verdict.hand_over = room.holds(papers);
  if (!verdict.hand_over) {
    report.handover = "left out: no room beside kernel and initramfs";
    return;
  }
  if (torrent_bytes == 0) {
    if (serves) report.handover = "release left out: it came without a .torrent";
    return;
  }
  verdict.has_torrent = room.holds(papers + torrent_bytes);
  if (!verdict.has_torrent) {
    report.handover = "release.torrent and release left out: no room";
    return;
  }
  if (release.empty()) {
    report.handover = "release left out: it has files that no release has";
    return;
  }
  const std::uint64_t bytes = archived(release, verdict.rootfs);
  if (room.holds(papers + torrent_bytes + bytes)) {
    verdict.release = std::move(release);
  } else {
    report.handover = "release left out: no room for its " + mib(bytes) +
                      " beside kernel and initramfs";
  }
}

}  // namespace

Result<Verdict> judge(const VerifierOrder& order, const VerifierQuestion& question,
                      const Clock& clock, const MemInfo& memory) {
  const MonoTime begin = clock.now();
  Bytes newest_root;
  const TrustPolicy policy = current_policy(order, newest_root);
  if (auto good = admit_counter(policy.root, order.tpm_counter); !good) return good.error();
  auto verified = verify_release(order.parent, question.name, policy,
                                 {.channel = order.channel,
                                  .arch = order.arch,
                                  .min_version = order.min_version,
                                  .now = order.now});
  if (!verified) return verified.error();
  const Manifest& manifest = verified->manifest;
  const Artifact* kernel = manifest.find(Role::kKernel);
  const Artifact* initramfs = manifest.find(Role::kInitramfs);
  check(kernel != nullptr, "a decoded manifest has a kernel");
  check(initramfs != nullptr, "a decoded manifest has an initramfs");

  Verdict verdict;
  verdict.folder = question.name;
  verdict.version = manifest.release_version;
  verdict.channel = manifest.channel;
  verdict.arch = manifest.arch;
  verdict.signed_by = verified->signed_by;
  verdict.kernel = file_of(*kernel);
  verdict.initramfs = file_of(*initramfs);
  verdict.demand = demand_of(manifest);
  verdict.cmdline = manifest.cmdline;
  verdict.root_version = policy.root.version;
  verdict.root_counter = policy.root.counter;
  verdict.root = to_base64(newest_root);
  if (const Artifact* rootfs = manifest.find(Role::kRootfs)) verdict.rootfs = file_of(*rootfs);

  const PublicKey& key = verified->signers.front();  // with a threshold, the first of them
  BootReport report = told_by_child(order.parent);
  report.stage = "boot";
  report.ok = true;
  report.version = manifest.release_version;
  report.channel = manifest.channel;
  report.arch = manifest.arch;
  report.mode = mode_name(order.mode);
  report.key = key.hex();
  report.signed_by = verified->signed_by;
  report.kernel = manifest.kernel_release;
  report.stages.insert(report.stages.begin(), question.before.begin(), question.before.end());
  report.stages.insert(report.stages.end(), question.after.begin(), question.after.end());
  report.stages.emplace_back("verifier",
                             std::chrono::duration<double>(clock.now() - begin).count());
  const bool tell_next = policy_of(order.mode).tell_next;
  const bool serve_next = policy_of(order.mode).serve_next;
  const std::uint64_t torrent_bytes = serve_next ? torrent_size(order.parent) : 0;
  // Without a torrent nobody can serve the rest.
  std::vector<VerdictFile> files = torrent_bytes == 0
                                       ? std::vector<VerdictFile>()
                                       : release_files(order.parent, question.name, manifest);
  plan_handover(verdict, report, torrent_bytes, std::move(files), serve_next,
                {.demand = verdict.demand,
                 .memory = memory,
                 .area = order.room,
                 .fetched = manifest.total_bytes() + torrent_bytes + kMaxUnsignedBytes});
  // What is left out here stays on the console.
  if (tell_next) verdict.report = report_json(report);
  verdict.report_line = report_line(report);
  verdict.boot = origin_json({.key = key,
                              .channel = manifest.channel,
                              .arch = manifest.arch,
                              .mode = order.mode,
                              .bootstrap = order.bootstrap});
  return verdict;
}

}  // namespace phase::boot
