#include "node/verify_release.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "node/files.h"
#include "node/store.h"
#include "node/stored_chain.h"
#include "proto/envelope.h"

namespace phase::node {
namespace {

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> verify_file(const std::string& path, const Artifact& artifact) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return {errno == ENOENT || errno == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kStore,
            path + ": is signed and cannot be read: " + std::system_category().message(errno)};
  const auto digest = digest_file(fd, artifact.size);
  ::close(fd);
  if (!digest) return digest.error().in(path);
  if (digest->size < artifact.size)
    return {ErrorCode::kSmallerThanSigned, path + ": has " + std::to_string(digest->size) +
                                               " bytes, " + std::to_string(artifact.size) +
                                               " are signed; the download was cut off"};
  if (digest->sha256 != artifact.sha256)
    return {ErrorCode::kAltered, path + ": right size, other content: SHA-256 " +
                                     to_hex(digest->sha256) + ", signed " +
                                     to_hex(artifact.sha256)};
  return {};
}

/// What the caller leaves open, the manifest may say itself: the signature is checked all the same.
Result<Expectation> expectation(const VerifyRequest& request, ByteView envelope) {
  Expectation expected{.channel = request.channel.value_or(""),
                       .arch = request.arch.value_or(""),
                       .min_version = request.min_version,
                       .now = request.now};
  if (request.channel && request.arch) return expected;
  const auto view = decode_envelope(envelope);
  if (!view) return view.error();
  if (view->payload_type != kManifestType) return expected;  // verify_envelope() says why
  const auto manifest = decode_manifest(view->payload);
  if (!manifest) return expected;
  if (!request.channel) expected.channel = manifest->channel;
  if (!request.arch) expected.arch = manifest->arch;
  return expected;
}

}  // namespace

Result<VerifyReport> verify_release(const VerifyRequest& request) {
  auto path = request.path;
  const auto info = real_files().info(path);
  if (info && info->folder) path += std::string("/") + kManifestFile;
  const auto envelope = real_files().read_file(path, kMaxEnvelopeBytes);
  if (!envelope) return envelope.error();
  const auto expected = expectation(request, *envelope);
  if (!expected) return expected.error().in(path);
  const auto folder = parent_of(path);
  TrustPolicy policy = request.policy;
  policy.root = follow_roots(policy.root, root_files_beside(real_files(), folder)).root;
  auto manifest = verify_manifest(*envelope, policy, *expected);
  if (!manifest) return manifest.error().in(path);

  VerifyReport report{.manifest = std::move(*manifest), .root = std::move(policy.root), .files = {}};
  if (!request.artifacts) return report;
  for (const auto& artifact : report.manifest.manifest.artifacts) {
    VerifiedFile file{.path = folder + "/" + artifact.name, .error = std::nullopt};
    if (auto good = verify_file(file.path, artifact); !good) file.error = good.error();
    report.files.push_back(std::move(file));
  }
  return report;
}

}  // namespace phase::node
