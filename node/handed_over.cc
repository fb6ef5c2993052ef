#include "node/handed_over.h"

#include <sstream>
#include <utility>

#include "boot/phase_folder.h"
#include "node/files.h"
#include "node/trust_files.h"
#include "node/verify_release.h"
#include "proto/endpoint.h"

namespace phase::node {
namespace {

constexpr std::size_t kMaxNodes = 64;

std::string in(const HandedPapers& papers, const char* name) { return papers.folder + "/" + name; }

/// The root that was current when the release was verified, where there was one.
Result<TrustBase> base_of(const std::string& folder, const boot::Origin& origin) {
  const std::string trust = folder + "/" + boot::kTrustName;
  const auto there = real_files().info(trust);
  if (there) return read_base(trust);
  if (there.error().code == ErrorCode::kNotFound) return key_base(origin.key);
  return there.error();
}

/// Hints: damage among them costs a start that is a little slower.
std::vector<Endpoint> read_nodes(const std::string& path) {
  std::vector<Endpoint> nodes;
  const auto text = real_files().read_file(path, boot::kMaxNodesFileBytes);
  if (!text) return nodes;
  std::istringstream lines{std::string(as_text(*text))};
  for (std::string line; nodes.size() < kMaxNodes && std::getline(lines, line);) {
    if (const auto node = parse_endpoint(line); node && node->port != 0) nodes.push_back(*node);
  }
  return nodes;
}

Result<void> check_files(const VerifyReport& report) {
  for (const VerifiedFile& file : report.files) {
    if (file.error) return *file.error;
  }
  return {};
}

/// Of whichever key may point at this channel.
Result<std::vector<SignedItem>> read_pointer(const HandedPapers& papers, const Root& root) {
  const auto bytes =
      real_files().read_file(in(papers, boot::kPointerName), boot::kMaxPointerFileBytes);
  if (!bytes) return bytes.error();
  Result<std::vector<SignedItem>> items(ErrorCode::kNotGranted,
                                        "the root names nobody who may point at this channel");
  for (const PublicKey& key : root.pointer_keys(papers.target.channel, papers.target.arch)) {
    items = decode_items(*bytes, key);
    if (items) return items;
  }
  return items.error().in(in(papers, boot::kPointerName));
}

}  // namespace

Result<HandedPapers> read_handed_papers(const std::string& folder) {
  HandedPapers papers;
  papers.folder = folder;
  const auto text = real_files().read_file(in(papers, boot::kBootName), boot::kMaxOriginBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    return {ErrorCode::kNotFound, "nothing was handed over in " + folder};
  }
  if (!text) return text.error();
  auto origin = boot::parse_origin(as_text(*text));
  if (!origin) return origin.error().in(folder);
  papers.origin = std::move(*origin);
  auto base = base_of(folder, papers.origin);
  if (!base) return base.error();
  papers.target = {std::move(*base), papers.origin.channel, papers.origin.arch};
  papers.nodes = read_nodes(in(papers, boot::kNodesName));
  return papers;
}

Result<IncomingRelease> check_handed_release(const HandedPapers& papers, WallTime now) {
  const std::string folder = in(papers, boot::kReleaseName);
  if (!real_files().info(folder)) {
    return {ErrorCode::kNotFound, folder + " is not there: it was left out of the hand-over"};
  }
  VerifyRequest request;
  request.policy.root = papers.target.base.root;
  request.path = folder;
  request.channel = papers.target.channel;
  request.arch = papers.target.arch;
  request.now = now;
  const auto verified = verify_release(request);
  if (!verified) return verified.error();
  if (auto whole = check_files(*verified); !whole) return whole.error();
  auto pointer = read_pointer(papers, verified->root);
  if (!pointer) return pointer.error();
  auto torrent = real_files().read_file(in(papers, boot::kTorrentName), boot::kMaxTorrentBytes);
  if (!torrent) return torrent.error();
  if (pointer->empty()) return {ErrorCode::kMalformed, "the pointer handed over holds no item"};
  return IncomingRelease{.publisher = pointer->front().key,
                         .folder = folder,
                         .torrent = std::move(*torrent),
                         .pointer = std::move(*pointer),
                         .stays = true};
}

std::optional<boot::OlderRelease> handed_as_older(const HandedPapers& papers) {
  boot::OlderRelease older{in(papers, boot::kReleaseName), {}};
  if (!real_files().info(older.folder)) return std::nullopt;
  auto torrent = real_files().read_file(in(papers, boot::kTorrentName), boot::kMaxTorrentBytes);
  if (torrent) older.torrent = std::move(*torrent);
  return older;
}

}  // namespace phase::node
