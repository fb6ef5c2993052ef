// Cache::verify(): hashes everything, and names what is wrong as a person knows it.
#include <map>

#include "boot/cache/contents.h"
#include "proto/envelope.h"

namespace phase::boot {
namespace {

using namespace cachefs;

std::string label(const Manifest& manifest) {
  return manifest.channel + "/" + manifest.arch + " " + std::to_string(manifest.release_version);
}

void check_small_files(const Layout& layout, const Stored& stored,
                       std::vector<CacheFault>& faults) {
  const auto folder = layout.releases.enter(name_of(stored.release.manifest_sha256));
  if (!folder) return;  // Evicted since it was listed.
  const std::pair<const char*, std::size_t> files[] = {{kTorrentName, kMaxTorrentBytes},
                                                       {kPointerName, kMaxPointerFileBytes},
                                                       {kRootsName, kMaxRootsFileBytes}};
  for (const auto& [name, cap] : files) {
    const auto content = folder->read(name, cap);
    if (content || content.error().code == ErrorCode::kNotFound) continue;
    faults.push_back({label(stored.release.manifest) + ": " + name, content.error()});
  }
}

/// Whose file a blob is, for a person.
std::map<std::string, std::string> users_of_blobs(const std::vector<Stored>& releases) {
  std::map<std::string, std::string> out;
  for (const Stored& stored : releases) {
    for (const Artifact& artifact : stored.release.manifest.artifacts) {
      std::string& text = out[name_of(artifact.sha256)];
      text += (text.empty() ? "" : ", ") + label(stored.release.manifest) + ": " + artifact.name;
    }
  }
  return out;
}

void check_releases(const Layout& layout, std::vector<CacheFault>& faults) {
  for (const std::string& name : layout.releases.names()) {
    const auto hash = parse_name(name);
    if (!hash) {
      faults.push_back({"releases/" + printable(name), {ErrorCode::kMalformed, "is no name of a release"}});
      continue;
    }
    if (const auto stored = read_release(layout, *hash); !stored) {
      faults.push_back({"releases/" + printable(name), stored.error()});
    } else {
      check_small_files(layout, *stored, faults);
    }
  }
}

void check_floors(const Layout& layout, std::vector<CacheFault>& faults) {
  for (const std::string& name : layout.floors.names()) {
    const auto hash = parse_name(name);
    const auto bytes = layout.floors.read(name, kMaxEnvelopeBytes);
    if (!bytes || !hash) {
      faults.push_back({"floors/" + printable(name), bytes ? Error{ErrorCode::kMalformed, "is no floor"}
                                                : bytes.error()});
    } else if (const auto document = read_document(*bytes, *hash); !document) {
      faults.push_back({"floors/" + printable(name), document.error()});
    }
  }
}

}  // namespace

std::vector<CacheFault> Cache::verify() const {
  const Layout& layout = state_->layout;
  std::vector<CacheFault> faults;
  check_releases(layout, faults);
  check_floors(layout, faults);
  const auto releases = read_releases(layout);
  auto users = users_of_blobs(releases);
  for (const std::string& name : altered_blobs(layout, releases)) {
    faults.push_back({users[name], {ErrorCode::kAltered, "blobs/" + name + " is altered"}});
    users.erase(name);
  }
  for (const Stored& stored : releases) {
    for (const Artifact& artifact : stored.release.manifest.artifacts) {
      const std::string name = name_of(artifact.sha256);
      if (has_blob(layout, artifact) || !users.contains(name)) continue;
      faults.push_back({label(stored.release.manifest) + ": " + artifact.name,
                        {ErrorCode::kNotFound, "blobs/" + name + " is missing"}});
    }
  }
  return faults;
}

}  // namespace phase::boot
