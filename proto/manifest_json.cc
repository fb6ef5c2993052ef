// manifest_json() of manifest.h; apart from manifest.cc for the compile time of nlohmann/json.
#include <nlohmann/json.hpp>

#include "proto/manifest.h"

namespace phase {

std::string manifest_json(const Manifest& manifest) {
  using Json = nlohmann::ordered_json;
  Json artifacts = Json::array();
  for (const Artifact& artifact : manifest.artifacts) {
    Json entry = {{"role", role_name(artifact.role)},
                  {"name", artifact.name},
                  {"size", artifact.size},
                  {"sha256", to_hex(artifact.sha256)},
                  {"pieces_root", to_hex(artifact.pieces_root)}};
    if (!artifact.compatible.empty()) entry["compatible"] = artifact.compatible;
    artifacts.push_back(std::move(entry));
  }
  const Json json = {{"format", 1},
                     {"channel", manifest.channel},
                     {"arch", manifest.arch},
                     {"release_version", manifest.release_version},
                     {"created", manifest.created.seconds},
                     {"expires", manifest.expires.seconds},
                     {"artifacts", std::move(artifacts)},
                     {"cmdline", manifest.cmdline},
                     {"kernel_release", manifest.kernel_release},
                     {"kernel_memory", manifest.kernel_memory},
                     {"initramfs_unpacked", manifest.initramfs_unpacked},
                     {"min_memory", manifest.min_memory}};
  // Replaces what is no UTF-8 instead of throwing.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace phase
