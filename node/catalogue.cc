#include "node/catalogue.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <system_error>

#include "proto/names.h"

namespace phase::node {
namespace {

constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kJson = "application/json";
constexpr const char* kTorrentType = "application/x-bittorrent";

std::shared_ptr<const CatalogueEntry> memory_entry(Bytes content, const std::string& type,
                                                   Caching caching) {
  auto entry = std::make_shared<CatalogueEntry>();
  entry->size = content.size();
  entry->etag = to_hex(sha256(content));
  entry->memory = std::make_shared<const Bytes>(std::move(content));
  entry->content_type = type;
  entry->caching = caching;
  return entry;
}

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

const char* type_of(const std::string& name) {
  return name.starts_with(kChecksumsFile) ? kText : "application/octet-stream";
}

std::shared_ptr<const CatalogueEntry> with_caching(
    const std::shared_ptr<const CatalogueEntry>& entry, Caching caching) {
  auto copy = std::make_shared<CatalogueEntry>(*entry);
  copy->caching = caching;
  return copy;
}

/// The files of one release by their names in it.
class ReleaseEntries {
 public:
  ReleaseEntries(const StoredRelease& release, std::vector<std::string>* left_out) {
    files_[kManifestFile] =
        memory_entry(release.envelope, "application/octet-stream", Caching::kImmutable);
    for (const auto& artifact : release.manifest.artifacts)
      add_artifact(release, artifact, left_out);
    for (const auto* name : {kChecksumsFile, kMinisigFile}) add_small(release, name, left_out);
    for (const auto& file : release.info.files)
      if (file.path.starts_with("trust/") && file.size <= kMaxRootBytes)
        add_small(release, file.path, left_out);
  }
  [[nodiscard]] const std::map<std::string, std::shared_ptr<const CatalogueEntry>>& files() const {
    return files_;
  }

 private:
  void add_artifact(const StoredRelease& release, const Artifact& artifact,
                    std::vector<std::string>* left_out) {
    auto file = ServedFile::open(release.folder + "/" + artifact.name);
    if (file && (*file)->size() != artifact.size)
      file = Error{ErrorCode::kAltered, release.folder + "/" + artifact.name +
                                            ": its size is not the signed one"};
    if (!file) {
      if (left_out != nullptr) left_out->push_back(file.error().detail);
      return;
    }
    auto entry = std::make_shared<CatalogueEntry>();
    entry->file = *file;
    entry->size = artifact.size;
    entry->etag = to_hex(artifact.sha256);
    entry->caching = Caching::kImmutable;
    files_[artifact.name] = std::move(entry);
  }

  void add_small(const StoredRelease& release, const std::string& name,
                 std::vector<std::string>* left_out) {
    constexpr std::size_t kMost = 64 * 1024;
    auto content = real_files().read_file(release.folder + "/" + name, kMost);
    if (content)
      files_[name] = memory_entry(std::move(*content), type_of(name), Caching::kImmutable);
    else if (left_out != nullptr)
      left_out->push_back(content.error().detail);
  }

  std::map<std::string, std::shared_ptr<const CatalogueEntry>> files_;
};

/// What BEP 47 puts between the files of a hybrid torrent: zeros up to the next piece.
void add_padding(Catalogue& catalogue, const std::string& base, const dht::TorrentInfo& info) {
  if (info.piece_length == 0) return;
  std::set<std::uint64_t> sizes;
  for (const auto& file : info.files) {
    const auto over = file.size % info.piece_length;
    if (over != 0) sizes.insert(info.piece_length - over);
  }
  const auto zeros = std::make_shared<const Bytes>(info.piece_length, std::uint8_t{0});
  for (const auto size : sizes) {
    auto entry = std::make_shared<CatalogueEntry>();
    entry->memory = zeros;
    entry->size = size;
    entry->etag = to_hex(sha256(ByteView(*zeros).first(static_cast<std::size_t>(size))));
    entry->caching = Caching::kImmutable;
    catalogue.add(base + ".pad/" + std::to_string(size), std::move(entry));
  }
}

void add_short_paths(Catalogue& catalogue, const StoredRelease& release,
                     const ReleaseEntries& entries, std::vector<std::string>* left_out) {
  const auto torrent = memory_entry(release.torrent, kTorrentType, Caching::kRevalidate);
  const auto json =
      memory_entry(bytes_of(manifest_json(release.manifest)), kJson, Caching::kRevalidate);
  for (const auto& arch : names_of_arch(release.arch)) {
    const auto base = "/" + release.channel + "/" + arch + "/";
    if (!catalogue.add(base + "release.torrent", torrent)) {
      if (left_out != nullptr)
        left_out->push_back(base + ": is already of another publisher; " + release.name +
                            " is at /release/" + release.name + "/");
      return;
    }
    catalogue.add(base + "manifest.json", json);
    for (const auto& [name, entry] : entries.files())
      catalogue.add(base + name, with_caching(entry, Caching::kRevalidate));
  }
}

void add_pointer(Catalogue& catalogue, const StoredRelease& release) {
  const auto items =
      memory_entry(encode_items(release.pointer), "application/octet-stream", Caching::kRevalidate);
  for (const auto& arch : names_of_arch(release.arch))
    catalogue.add("/pointer/" + release.publisher.hex() + "/" + release.channel + "/" + arch,
                  items);
}

}  // namespace

std::vector<std::string> names_of_arch(const std::string& arch) {
  if (arch == "x86_64") return {"x86_64", "amd64"};
  if (arch == "aarch64") return {"aarch64", "arm64"};
  return {arch};
}

Result<std::shared_ptr<const ServedFile>> ServedFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return {errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kStore,
            "cannot read " + path + ": " + std::system_category().message(errno)};
  struct stat what {};
  const bool regular = ::fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
  auto file = std::make_shared<const ServedFile>(fd, static_cast<std::uint64_t>(what.st_size));
  if (!regular) return {ErrorCode::kStore, path + " is no regular file"};
  return file;
}

ServedFile::~ServedFile() { ::close(fd_); }

bool Catalogue::add(const std::string& path, std::shared_ptr<const CatalogueEntry> entry) {
  return entries_.emplace(path, std::move(entry)).second;
}

bool Catalogue::add_bytes(const std::string& path, Bytes content, const std::string& content_type,
                          Caching caching) {
  return add(path, memory_entry(std::move(content), content_type, caching));
}

Result<void> Catalogue::add_file(const std::string& path, const std::string& file,
                                 const Sha256& sha256, Caching caching) {
  auto opened = ServedFile::open(file);
  if (!opened) return opened.error();
  auto entry = std::make_shared<CatalogueEntry>();
  entry->size = (*opened)->size();
  entry->file = std::move(*opened);
  entry->etag = to_hex(sha256);
  entry->caching = caching;
  add(path, std::move(entry));
  return {};
}

std::shared_ptr<const CatalogueEntry> Catalogue::find(std::string_view path) const {
  const auto at = entries_.find(path);
  return at == entries_.end() ? nullptr : at->second;
}

std::vector<std::string> Catalogue::paths() const {
  std::vector<std::string> out;
  for (const auto& [path, entry] : entries_) out.push_back(path);
  return out;
}

void add_chains(Catalogue& catalogue, const std::vector<StoredChain>& chains) {
  constexpr const char* kBinary = "application/octet-stream";
  for (const StoredChain& chain : chains) {
    if (chain.documents.empty()) continue;
    // What follows a root is the end of what follows the one before: one copy holds all of it.
    const auto whole = std::make_shared<const Bytes>(encode_root_chain(chain.documents));
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < chain.documents.size(); ++i) {
      auto entry = std::make_shared<CatalogueEntry>();
      entry->memory = whole;
      entry->offset = offset;
      entry->size = whole->size() - offset;
      entry->etag = to_hex(sha256(ByteView(*whole).subspan(static_cast<std::size_t>(offset))));
      catalogue.add(next_root_path(chain.roots[i]), std::move(entry));
      offset += encode_root_chain({chain.documents[i]}).size();
    }
  }
  if (chains.size() != 1) return;
  for (const auto& [name, document] : chains.front().release_files())
    catalogue.add_bytes("/" + name, document, kBinary);
}

Catalogue build_catalogue(const std::vector<StoredRelease>& releases,
                          std::vector<std::string>* left_out) {
  Catalogue catalogue;
  catalogue.add_bytes("/healthz", bytes_of("ok\n"), kText);
  std::size_t current = 0;
  for (const auto& release : releases) {
    const ReleaseEntries entries(release, left_out);
    const auto base = "/release/" + release.name + "/";
    for (const auto& [name, entry] : entries.files()) catalogue.add(base + name, entry);
    add_padding(catalogue, base, release.info);
    if (!release.current) continue;
    current += 1;
    add_short_paths(catalogue, release, entries, left_out);
    add_pointer(catalogue, release);
  }
  for (const auto& release : releases)
    if (release.current && current == 1)
      catalogue.add_bytes("/manifest.json", bytes_of(manifest_json(release.manifest)), kJson);
  return catalogue;
}

}  // namespace phase::node
