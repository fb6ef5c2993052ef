// node/catalogue.h
// What the HTTP provider serves: exact paths to open files or bytes in memory. Built as a whole,
// then immutable and shared between threads. A request is only ever looked up in it, never mapped
// to the file system; files are opened when it is built, so a release that is removed meanwhile
// still answers what it promised.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/store.h"
#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::node {

/// An open file, read only; closed with the last catalogue that names it.
class ServedFile {
 public:
  /// A regular file, no symbolic link. kStore, kNotFound.
  static Result<std::shared_ptr<const ServedFile>> open(const std::string& path);
  explicit ServedFile(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  ~ServedFile();
  ServedFile(const ServedFile&) = delete;
  ServedFile& operator=(const ServedFile&) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  int fd_;
  std::uint64_t size_;
};

/// How long others may keep an answer.
enum class Caching : std::uint8_t {
  kImmutable,   ///< The path names this content for ever: /release/….
  kRevalidate,  ///< Ask again with If-None-Match: /stable/x86_64/….
};

struct CatalogueEntry {
  std::shared_ptr<const ServedFile> file;  ///< Else `memory`.
  std::shared_ptr<const Bytes> memory;     ///< `size` bytes of it from `offset`.
  std::uint64_t offset = 0;                ///< Where it begins in `memory`.
  std::uint64_t size = 0;
  std::string etag;                        ///< 64 hex digits, without quotes.
  std::string content_type = "application/octet-stream";
  Caching caching = Caching::kRevalidate;
};

class Catalogue {
 public:
  /// `path` as in a request ("/stable/x86_64/kernel"). The first entry of a path stays; false
  /// where there was one.
  bool add(const std::string& path, std::shared_ptr<const CatalogueEntry> entry);
  bool add_bytes(const std::string& path, Bytes content, const std::string& content_type,
                 Caching caching = Caching::kRevalidate);
  /// `sha256` is the caller's word on the content.
  Result<void> add_file(const std::string& path, const std::string& file, const Sha256& sha256,
                        Caching caching = Caching::kRevalidate);

  /// Exactly `path`, or nothing.
  [[nodiscard]] std::shared_ptr<const CatalogueEntry> find(std::string_view path) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::vector<std::string> paths() const;

 private:
  std::map<std::string, std::shared_ptr<const CatalogueEntry>, std::less<>> entries_;
};

/// Root documents of these chains: GET next_root_path() of each root that has a successor here, all
/// that follow it in one answer; /trust/<n>.root.dsse where there is one chain only.
void add_chains(Catalogue& catalogue, const std::vector<StoredChain>& chains);

/// The names of an architecture in paths: its own and its usual alias.
[[nodiscard]] std::vector<std::string> names_of_arch(const std::string& arch);

/// Every path of these releases (docs/HTTP.md), current and previous ones. Where two publishers
/// have the same channel and architecture, the short path is of the first in `releases`; all are
/// at /release/<name>/… and /pointer/<key>/…. `left_out` (may be null) gets a line for each file
/// that cannot be opened, and each short path that was taken.
/// The owner may add more before it is shared.
[[nodiscard]] Catalogue build_catalogue(const std::vector<StoredRelease>& releases,
                                        std::vector<std::string>* left_out);

}  // namespace phase::node
