#include "node/serve_handed.h"

#include <algorithm>

#include "boot/mode_policy.h"

namespace phase::node {

Result<std::optional<HandedPapers>> take_papers(const std::string& folder, bool may_be_none,
                                                NetworkArguments& network, const Log& log) {
  auto papers = read_handed_papers(folder);
  if (!papers && papers.error().code == ErrorCode::kNotFound && may_be_none) {
    log.info(papers.error().detail);
    return std::optional<HandedPapers>();
  }
  if (!papers) return papers.error();
  const boot::Mode mode = papers->origin.mode;
  if (!boot::policy_of(mode).serve_next) {
    return {ErrorCode::kConfig, std::string("booted in mode ") + boot::mode_name(mode) +
                                    ": this system serves nothing (" + folder + "/boot.json)"};
  }
  if (boot::policy_of(mode).only_on_link) network.mode = boot::mode_name(mode);
  if (network.bootstrap == NetworkArguments().bootstrap && !papers->origin.bootstrap.empty()) {
    network.bootstrap = papers->origin.bootstrap;
  }
  return std::optional<HandedPapers>(std::move(*papers));
}

void go_by_papers(const HandedPapers& papers, ServeOptions& options) {
  auto& follow = options.follow;
  if (std::find(follow.begin(), follow.end(), papers.target) == follow.end()) {
    follow.push_back(papers.target);
  }
  options.more_nodes = papers.nodes;
  if (auto older = handed_as_older(papers)) options.older.push_back(std::move(*older));
}

Result<void> serve_handed(const HandedPapers& papers, bool has_others, Store& store, WallTime now,
                          const Log& log, const Announce& announce) {
  const auto release = check_handed_release(papers, now);
  const auto installed = release ? store.install(*release) : Result<void>(release.error());
  if (installed) {
    announce("handed over channel=" + papers.target.channel + " arch=" + papers.target.arch +
             " from=" + papers.folder);
    return {};
  }
  const Error& why = installed.error();
  if (why.code == ErrorCode::kNotFound || why.code == ErrorCode::kRollback) {
    log.info("not served from " + papers.folder, {{"why", why.detail}});
    return {};
  }
  const Error full = why.in("handed over in " + papers.folder);
  if (!has_others) return full;
  log.error("what was handed over is not served", full);
  return {};
}

}  // namespace phase::node
