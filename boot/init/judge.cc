// What the verifier does inside its process: from a frozen folder to a verdict.
#include <algorithm>

#include "boot/init/identities.h"
#include "boot/init/origin.h"
#include "boot/init/report.h"
#include "boot/init/tpm_floor.h"
#include "boot/init/verifier.h"
#include "boot/init/verify_release.h"
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

// Decides what is handed over, by what the memory holds now.
void plan_handover(Verdict& verdict, BootReport& report, std::uint64_t torrent_bytes,
                   const MemInfo& memory) {
  // Upper bounds: the report is not written yet, and each file has a header.
  constexpr std::uint64_t kPapers = kMaxReportBytes + kMaxOriginBytes + 4096;
  verdict.has_torrent = torrent_bytes != 0;
  verdict.hand_over = room_for_handover(verdict.demand, kPapers, Loader::kFile, memory);
  if (!verdict.hand_over) {
    verdict.has_torrent = false;
    report.handover = "left out: no room beside kernel and initramfs";
  } else if (verdict.has_torrent &&
             !room_for_handover(verdict.demand, kPapers + torrent_bytes, Loader::kFile, memory)) {
    verdict.has_torrent = false;
    report.handover = "release.torrent left out: no room";
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
  plan_handover(verdict, report, tell_next ? torrent_size(order.parent) : 0, memory);
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
