// What `--follow` takes (follow.h).
#include "node/follow.h"
#include "node/trust_files.h"
#include "proto/names.h"

namespace phase::node {
namespace {

constexpr std::size_t kHexKey = 64;
constexpr std::size_t kMinisignKey = 56;

/// The publisher, and what is left of the text: CHANNEL or CHANNEL<separator>ARCH, or nothing.
struct Split {
  TrustBase base;
  std::string_view rest;
  char separator;
};

/// Either form of a key alone or before a slash. A minisign key is base64 and may hold slashes of its
/// own, so its length says where it ends.
std::optional<Split> split_key(std::string_view text) {
  for (const std::size_t size : {kHexKey, kMinisignKey}) {
    if (text.size() < size || (text.size() > size && text[size] != '/')) continue;
    const auto key = parse_public_key(text.substr(0, size));
    if (key) return Split{key_base(*key), text.substr(std::min(size + 1, text.size())), '/'};
  }
  return std::nullopt;
}

Result<Split> split_file(std::string_view text) {
  const auto slash = text.rfind('/');
  // A channel or architecture has no slash, so only what follows the last one is looked at.
  const auto colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  auto base = read_base(std::string(text.substr(0, colon)));
  if (!base) return base.error();
  return Split{std::move(*base),
               colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1), ':'};
}

}  // namespace

std::string FollowTarget::publisher() const {
  return base.is_single_key() ? base.root.root.keys.front().hex() : chain_folder(base);
}

std::string FollowTarget::text() const { return publisher() + "/" + channel + "/" + arch; }

Result<std::vector<FollowTarget>> parse_follow(std::string_view text) {
  const auto bad = [&](const Error& why) {
    return why.in("--follow " + std::string(text.substr(0, 200)));
  };
  auto split = split_key(text) ? Result<Split>(*split_key(text)) : split_file(text);
  if (!split) return bad(split.error());
  std::string channel = "stable";
  std::vector<std::string> archs{"x86_64", "aarch64"};
  if (!split->rest.empty()) {
    const auto end = split->rest.find(split->separator);
    auto named = check_channel(split->rest.substr(0, end));
    if (!named) return bad(named.error());
    channel = *named;
    if (end != std::string_view::npos) {
      auto arch = normalise_arch(split->rest.substr(end + 1));
      if (!arch) return bad(arch.error());
      archs = {*arch};
    }
  }
  std::vector<FollowTarget> targets;
  for (const std::string& arch : archs) targets.push_back({split->base, channel, arch});
  return targets;
}

}  // namespace phase::node
