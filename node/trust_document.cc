#include "node/trust_document.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "proto/names.h"

namespace phase::node {
namespace {

template <class List, class Value>
bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool for_everything(const Grant& grant) { return grant.channels.empty() && grant.archs.empty(); }

Result<void> change_role(RoleKeys& role, const RoleChange& change, const std::string& name) {
  const bool all_new = role.keys.empty() || !change.set.empty();
  if (!change.set.empty()) role.keys = change.set;
  for (const PublicKey& key : change.remove) {
    const auto at = std::find(role.keys.begin(), role.keys.end(), key);
    if (at == role.keys.end()) return {ErrorCode::kNotFound, name + " has no key " + key.id()};
    role.keys.erase(at);
  }
  role.keys.insert(role.keys.end(), change.add.begin(), change.add.end());
  if (change.threshold) {
    role.threshold = *change.threshold;
  } else if (all_new && role.keys.size() > 1) {
    return {ErrorCode::kUsage, name + " has " + std::to_string(role.keys.size()) +
                                   " keys: say how many of them must sign"};
  } else if (all_new) {
    role.threshold = 1;
  }
  return {};
}

bool says_something(const RoleChange& change) {
  return !change.set.empty() || !change.add.empty() || !change.remove.empty() || change.threshold;
}

Result<void> change_grants(std::vector<Grant>& grants, const std::vector<Grant>& set,
                           const std::vector<std::string>& drop, const RoleChange& general,
                           const std::string& name) {
  for (const std::string& scope : drop) {
    const auto at = std::find_if(grants.begin(), grants.end(),
                                 [&](const Grant& one) { return scope_text(one) == scope; });
    if (at == grants.end()) return {ErrorCode::kNotFound, "there is no " + name + " of " + scope};
    grants.erase(at);
  }
  for (const Grant& grant : set) {
    const auto same = std::find_if(grants.begin(), grants.end(), [&](const Grant& one) {
      return scope_text(one) == scope_text(grant);
    });
    if (same != grants.end()) {
      *same = grant;
      continue;
    }
    // The first grant that covers a release decides, so the one for everything stays behind.
    grants.insert(std::find_if(grants.begin(), grants.end(), for_everything), grant);
  }
  if (!says_something(general)) return {};
  auto at = std::find_if(grants.begin(), grants.end(), for_everything);
  if (at == grants.end()) at = grants.insert(grants.end(), Grant{});
  return change_role(at->signers, general, name);
}

void change_floors(std::vector<VersionFloor>& floors, const std::vector<VersionFloor>& set) {
  for (const VersionFloor& floor : set) {
    const auto same = std::find_if(floors.begin(), floors.end(), [&](const VersionFloor& one) {
      return one.channel == floor.channel && one.arch == floor.arch;
    });
    if (same != floors.end()) *same = floor;
    else floors.push_back(floor);
  }
}

Root successor(const Root& from, std::int64_t lifetime, WallTime now) {
  Root next = from;
  next.version = from.version + 1;
  next.created = now;
  next.expires = lifetime == 0 ? WallTime{} : WallTime{now.seconds + lifetime};
  return next;
}

Result<Root> checked(Root root) {
  // The encoder knows every rule, that of the size too.
  if (auto encoded = encode_root(root); !encoded) return encoded.error();
  return root;
}

/// True where `role` had the key.
Result<bool> take_out(RoleKeys& role, const PublicKey& key, const std::optional<PublicKey>& instead,
                      const std::string& name) {
  const auto at = std::find(role.keys.begin(), role.keys.end(), key);
  if (at == role.keys.end()) return false;
  if (instead && !contains(role.keys, *instead)) *at = *instead;
  else role.keys.erase(at);
  if (static_cast<std::int64_t>(role.keys.size()) < role.threshold) {
    return Error{ErrorCode::kUsage,
                 name + " would have " + std::to_string(role.keys.size()) + " keys and needs " +
                     std::to_string(role.threshold) +
                     " signatures; name a new key for it with --instead, or change keys and "
                     "threshold with `plasmd trust rotate`"};
  }
  return true;
}

}  // namespace

Result<Scope> parse_scope(std::string_view text) {
  Scope scope;
  const auto slash = text.find('/');
  const std::string_view channels = text.substr(0, slash);
  const auto in = [&](const Error& why) { return why.in("scope " + std::string(text.substr(0, 200))); };
  if (channels != "*") {
    for (const std::string& one : split(channels, ',')) {
      auto channel = check_channel(one);
      if (!channel) return in(channel.error());
      scope.channels.push_back(*channel);
    }
  }
  if (slash == std::string_view::npos) return scope;
  const std::string_view archs = text.substr(slash + 1);
  if (archs == "*") return scope;
  for (const std::string& one : split(archs, ',')) {
    auto arch = normalise_arch(one);
    if (!arch) return in(arch.error());
    scope.archs.push_back(*arch);
  }
  return scope;
}

std::string scope_text(const Grant& grant) {
  const auto joined = [](const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& one : list) text += (text.empty() ? "" : ",") + one;
    return text.empty() ? std::string("*") : text;
  };
  return joined(grant.channels) + (grant.archs.empty() ? "" : "/" + joined(grant.archs));
}

Result<VersionFloor> parse_floor(std::string_view text) {
  const auto bad = [&](const std::string& why) {
    return Error{ErrorCode::kUsage, "'" + std::string(text.substr(0, 200)) + "': " + why};
  };
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return bad("expected CHANNEL[/ARCH]=VERSION");
  const auto scope = parse_scope(text.substr(0, equals));
  if (!scope) return scope.error();
  if (scope->channels.size() > 1 || scope->archs.size() > 1) {
    return bad("one channel and one architecture each, or *");
  }
  VersionFloor floor;
  if (!scope->channels.empty()) floor.channel = scope->channels.front();
  if (!scope->archs.empty()) floor.arch = scope->archs.front();
  const std::string_view digits = text.substr(equals + 1);
  const auto* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, floor.release_version);
  if (parsed.ec != std::errc() || parsed.ptr != end) return bad("expected a version behind '='");
  return floor;
}

Result<Root> next_root(const Root& from, const RootChanges& changes, WallTime now) {
  Root next = successor(from, changes.lifetime, now);
  if (auto done = change_role(next.root, changes.root, "the root role"); !done) return done.error();
  if (auto done = change_grants(next.release, changes.release_grants, changes.drop_release,
                                changes.release, "release role");
      !done) {
    return done.error();
  }
  if (auto done = change_grants(next.pointer, changes.pointer_grants, changes.drop_pointer,
                                changes.pointer, "pointer role");
      !done) {
    return done.error();
  }
  change_floors(next.floors, changes.floors);
  if (changes.counter) next.counter = *changes.counter;
  if (next.counter < from.counter) {
    return {ErrorCode::kUsage, "the counter never falls; it is " + std::to_string(from.counter)};
  }
  return checked(std::move(next));
}

Result<Root> first_root(const RootChanges& changes, WallTime now) {
  Root nothing;
  nothing.version = 0;
  return next_root(nothing, changes, now);
}

Result<Root> revoke_key(const Root& from, const PublicKey& key,
                        const std::optional<PublicKey>& instead, std::int64_t lifetime,
                        WallTime now) {
  Root next = successor(from, lifetime, now);
  auto had = take_out(next.root, key, instead, "the root role");
  if (!had) return had.error();
  bool anywhere = *had;
  for (auto* grants : {&next.release, &next.pointer}) {
    const std::string name = grants == &next.release ? "the release role of " : "the pointer role of ";
    for (Grant& grant : *grants) {
      had = take_out(grant.signers, key, instead, name + scope_text(grant));
      if (!had) return had.error();
      anywhere = anywhere || *had;
    }
  }
  if (!anywhere) {
    return {ErrorCode::kNotFound, "no role of root version " + std::to_string(from.version) +
                                      " has key " + key.id()};
  }
  return checked(std::move(next));
}

std::vector<PublicKey> signers_among(ByteView message, const std::vector<SignatureEntry>& signatures,
                                     const RoleKeys& role) {
  std::vector<PublicKey> signers;
  for (const PublicKey& key : role.keys) {
    const bool did = std::any_of(signatures.begin(), signatures.end(), [&](const auto& entry) {
      return entry.key_id == key.id() && key.verify(message, entry.signature);
    });
    if (did && !contains(signers, key)) signers.push_back(key);
  }
  return signers;
}

}  // namespace phase::node
