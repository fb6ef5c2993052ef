#include "tests/unit/boot/init/release_folder.h"

#include <filesystem>

#include "proto/names.h"

namespace phase::test {

ReleaseFolder::ReleaseFolder(const std::string& parent, std::uint8_t signer) : parent_(parent) {
  document_ = manifest();
  document_.artifacts.resize(2);
  const Bytes kernel = pattern(70'001);
  const Bytes initramfs = pattern(1'234);
  for (Artifact& artifact : document_.artifacts) {
    const Bytes& content = artifact.role == Role::kKernel ? kernel : initramfs;
    artifact.size = content.size();
    artifact.sha256 = sha256(content);
  }
  const Bytes envelope = signed_manifest(document_, {signer});
  name_ = release_name(document_.channel, document_.arch, document_.release_version,
                       sha256(envelope));
  std::filesystem::create_directories(parent_ + "/" + name_);
  write_file(path("manifest.dsse"), envelope);
  write_file(path("kernel"), kernel);
  write_file(path("initramfs"), initramfs);
}

}  // namespace phase::test
