// The encoding of root documents (root.h).
#include "proto/root.h"

#include <utility>

#include "phase.pb.h"

namespace phase {
namespace {

constexpr std::uint32_t kFormat = 1;

Error malformed(const std::string& detail) { return {ErrorCode::kMalformed, "root: " + detail}; }

void to_wire(const RoleKeys& role, wire::RoleKeys& out) {
  out.set_threshold(role.threshold);
  for (const PublicKey& key : role.keys) out.add_keys(key.bytes.data(), key.bytes.size());
}

void to_wire(const Grant& grant, wire::Grant& out) {
  for (const std::string& channel : grant.channels) out.add_channels(channel);
  for (const std::string& arch : grant.archs) out.add_archs(arch);
  to_wire(grant.signers, *out.mutable_signers());
}

wire::Root to_wire(const Root& root) {
  wire::Root out;
  out.set_format(kFormat);
  out.set_version(root.version);
  out.set_created(root.created.seconds);
  out.set_expires(root.expires.seconds);
  out.set_counter(root.counter);
  to_wire(root.root, *out.mutable_root());
  for (const Grant& grant : root.release) to_wire(grant, *out.add_release());
  for (const Grant& grant : root.pointer) to_wire(grant, *out.add_pointer());
  for (const VersionFloor& floor : root.floors) {
    wire::VersionFloor* entry = out.add_floors();
    entry->set_channel(floor.channel);
    entry->set_arch(floor.arch);
    entry->set_release_version(floor.release_version);
  }
  return out;
}

Result<RoleKeys> from_wire(const wire::RoleKeys& in) {
  RoleKeys role;
  role.threshold = in.threshold();
  for (const std::string& key : in.keys()) {
    const auto bytes = exactly<32>(as_bytes(key));
    if (!bytes) return malformed("a key is not 32 bytes");
    PublicKey& added = role.keys.emplace_back();
    added.bytes = *bytes;
  }
  return role;
}

Result<std::vector<Grant>> from_wire(
    const google::protobuf::RepeatedPtrField<wire::Grant>& entries) {
  std::vector<Grant> grants;
  for (const wire::Grant& entry : entries) {
    auto signers = from_wire(entry.signers());
    if (!signers) return signers.error();
    grants.push_back({.channels = {entry.channels().begin(), entry.channels().end()},
                      .archs = {entry.archs().begin(), entry.archs().end()},
                      .signers = *std::move(signers)});
  }
  return grants;
}

Result<Root> from_wire(const wire::Root& in) {
  if (in.format() != kFormat) {
    return malformed("format " + std::to_string(in.format()) + ", this program knows format 1");
  }
  Root root;
  root.version = in.version();
  root.created = WallTime{in.created()};
  root.expires = WallTime{in.expires()};
  root.counter = in.counter();
  auto role = from_wire(in.root());
  if (!role) return role.error();
  root.root = *std::move(role);
  auto release = from_wire(in.release());
  if (!release) return release.error();
  root.release = *std::move(release);
  auto pointer = from_wire(in.pointer());
  if (!pointer) return pointer.error();
  root.pointer = *std::move(pointer);
  for (const wire::VersionFloor& entry : in.floors()) {
    root.floors.push_back({.channel = entry.channel(),
                           .arch = entry.arch(),
                           .release_version = entry.release_version()});
  }
  return root;
}

}  // namespace

Result<Bytes> encode_root(const Root& root) {
  if (const auto rule = broken_root_rule(root)) return {ErrorCode::kUsage, "root: " + *rule};
  const std::string text = to_wire(root).SerializeAsString();
  if (text.size() > kMaxRootPayloadBytes) {
    return {ErrorCode::kUsage, "root: over " + std::to_string(kMaxRootPayloadBytes) + " bytes"};
  }
  return Bytes(text.begin(), text.end());
}

Result<Root> decode_root(ByteView payload) {
  if (payload.size() > kMaxRootPayloadBytes) {
    return malformed("over " + std::to_string(kMaxRootPayloadBytes) + " bytes");
  }
  wire::Root in;
  if (!in.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return malformed("cannot be decoded");
  }
  Result<Root> root = from_wire(in);
  if (!root) return root;
  if (const auto rule = broken_root_rule(*root)) return malformed(*rule);
  // The fresh message has none of the fields that this program does not know.
  if (to_wire(*root).SerializeAsString() != as_text(payload)) {
    return malformed("unknown fields, or not in canonical encoding");
  }
  return root;
}

}  // namespace phase
