// A cache on a disk that somebody altered: a good one, then damage as the input says. Nothing wrong
// comes out, the floor is not raised, and afterwards it can be used.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "boot/cache/cache.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {
namespace {

namespace fs = std::filesystem;
using boot::Cache;
using boot::CacheUse;

void put(const std::string& path, ByteView content) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
}

/// digest_file() takes a buffer for large files, which is most of what a run would cost here.
Bytes get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

/// One folder for the whole run, gone at its end.
struct Place {
  Place() {
    const bool shm = fs::is_directory("/dev/shm");
    path = (shm ? "/dev/shm" : fs::temp_directory_path().string()) + "/phase-cache-XXXXXX";
    check(::mkdtemp(path.data()) != nullptr, "a folder for the fuzzer");
    document = manifest();
    fs::create_directories(path + "/release/dtbs");
    for (Artifact& artifact : document.artifacts) {
      const Bytes content(100 + artifact.name.size(), static_cast<std::uint8_t>(artifact.name[0]));
      artifact.size = content.size();
      artifact.sha256 = sha256(content);
      put(path + "/release/" + artifact.name, content);
    }
    const SecretKey signer = key(1);
    envelope = sign_envelope(kManifestType, *encode_manifest(document), {&signer});
    put(path + "/release/manifest.dsse", envelope);
    Pointer pointer;
    pointer.manifest_sha256 = sha256(envelope);
    pointer.release_version = document.release_version;
    entry = {path + "/release",
             Bytes(50, 't'),
             {sign_item(signer, pointer_salt("stable", "x86_64", 0), 9, encode_pointer(pointer))},
             {}};
  }
  ~Place() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  std::string path;
  Manifest document;
  Bytes envelope;
  boot::CacheEntry entry;
};

Place& place() {
  static Place one;
  return one;
}

void damage(const std::string& cache, std::uint8_t kind, ByteView bytes) {
  const Place& at = place();
  const std::string release = cache + "/releases/" + to_hex(sha256(at.envelope));
  const auto& artifacts = at.document.artifacts;
  const std::size_t which = bytes.empty() ? 0 : bytes[0];
  const std::string blob =
      cache + "/blobs/" + to_hex(artifacts[which % artifacts.size()].sha256);
  const std::string content_name = to_hex(sha256(bytes));
  std::error_code ignored;
  switch (kind % 9) {
    case 0:
      fs::create_directories(cache + "/releases/" + content_name, ignored);
      return put(cache + "/releases/" + content_name + "/manifest.dsse", bytes);
    case 1:
      return put(release + "/pointer", bytes);
    case 2:
      return put(release + "/release.torrent", bytes);
    case 3:
      return put(cache + "/floors/" + content_name, bytes);
    case 4:
      return fs::resize_file(blob, bytes.size(), ignored);
    case 5:
      fs::remove(blob, ignored);
      return fs::create_symlink(at.path + "/decoy", blob, ignored);
    case 6:
      return put(blob, bytes);
    case 7:
      fs::create_directories(cache + "/blobs/" + content_name, ignored);
      return fs::rename(release, cache + "/releases/" + content_name, ignored);
    default:
      return put(release + "/manifest.dsse", bytes);
  }
}

void check_what_comes_out(const Cache& cache) {
  const Place& at = place();
  const std::string to = at.path + "/out";
  for (const boot::CachedRelease& one : cache.list()) {
    const auto bytes = cache.manifest(one.manifest_sha256);
    check(bytes.ok() && sha256(*bytes) == one.manifest_sha256, "another manifest");
    for (const Artifact& artifact : one.manifest.artifacts) {
      if (!cache.copy_artifact(artifact, to)) continue;
      const Bytes out = get(to);
      check(out.size() == artifact.size && sha256(out) == artifact.sha256, "wrong bytes came out");
    }
  }
  const auto items = cache.pointer(sha256(at.envelope), key(1).public_key());
  check(!items || items->front().value == at.entry.pointer.front().value, "another pointer");
  check(!cache.pointer(sha256(at.envelope), key(2).public_key()), "a pointer of nobody");
  const auto floor = cache.floor(trust_single_key(key(1).public_key()), "stable", "x86_64");
  check(floor == 0 || floor == at.document.release_version, "a floor that nobody signed");
}

}  // namespace

// Records: kind, two bytes of length (big endian), content.
std::vector<Bytes> seeds() {
  const SecretKey signer = key(2);
  Manifest other = manifest();
  other.release_version = 99;
  const Bytes foreign = sign_envelope(kManifestType, *encode_manifest(other), {&signer});
  const Bytes items = encode_items(place().entry.pointer);
  std::vector<Bytes> out;
  for (std::uint8_t kind = 0; kind < 9; ++kind) {
    const Bytes& content = kind == 1 ? items : foreign;
    Bytes one{kind, static_cast<std::uint8_t>(content.size() >> 8),
              static_cast<std::uint8_t>(content.size())};
    one.insert(one.end(), content.begin(), content.end());
    out.push_back(one);
  }
  Bytes all;
  for (const Bytes& one : out) all.insert(all.end(), one.begin(), one.end());
  out.push_back(all);
  return out;
}

void one(ByteView input) {
  const Place& at = place();
  const std::string folder = at.path + "/cache";
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  fs::create_directory(folder);
  // Links lead to the right bytes; what is written through one alters no release.
  fs::copy_file(at.path + "/release/kernel", at.path + "/decoy",
                fs::copy_options::overwrite_existing);
  check(Cache::create(folder).ok(), "create");
  auto cache = Cache::open(folder, CacheUse::kWrite);
  check(cache && cache->add(at.entry, WallTime{1}, {}), "add");

  for (int records = 0; input.size() >= 3 && records < 16; ++records) {
    const std::size_t size = std::size_t{input[1]} << 8 | input[2];
    const std::uint8_t kind = input[0];
    input = input.subspan(3);
    const ByteView bytes = input.first(std::min(size, input.size()));
    damage(folder, kind, bytes);
    input = input.subspan(bytes.size());
  }
  {
    const auto reader = Cache::open(folder, CacheUse::kRead);
    check(reader.ok(), "open for reading");
    (void)reader->verify();
    check_what_comes_out(*reader);
  }
  check_what_comes_out(*cache);
  check(cache->collect(0).ok() && cache->verify().empty(), "collect leaves nothing wrong");
  const auto added = cache->add(at.entry, WallTime{2}, {});
  check(added.ok(), "a damaged cache takes a release again");
  check(cache->verify().empty(), "what was added again is right");
  check_what_comes_out(*cache);
}

}  // namespace phase::fuzz
