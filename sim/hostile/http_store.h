// sim/hostile/http_store.h
// What an HTTP provider truly has of a store, and how it shows older releases in the newest's
// place. Reads files; what is done with an answer is its owner's.
//
// The first part of a path says what is older, for the n-th of the older releases (1: the oldest):
//   replay-<n>  pointer, .torrent and files: a provider that has stood still since
//   mix-<n>     the .torrent, under the newest pointer
//   swap-<n>    the files, under the newest pointer, .torrent and name
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sim/hostile/http_lies.h"
#include "sim/hostile/victim.h"

namespace phase::sim {

struct HttpRequest {
  std::string manner{};  ///< First part of the path.
  std::string path{};    ///< The rest, from its slash on.
  std::size_t from = 0, to = SIZE_MAX;
  bool ranged = false;
};
/// False for what is no request that can be read.
[[nodiscard]] bool read_request(const Victim& victim, HttpRequest& into);

struct ReleaseFiles {
  std::string pointer;  ///< Its items, a file.
  std::string torrent;  ///< A file of its name.
};

class HttpStore {
 public:
  /// `older` begins with the oldest; `releases` is the folder behind /release/.
  HttpStore(ReleaseFiles newest, std::vector<ReleaseFiles> older, std::string releases);

  [[nodiscard]] HttpTruth truth(const HttpRequest& request) const;
  /// What comes of an older release, where the request's manner calls for it.
  [[nodiscard]] std::optional<HttpTruth> replay(const HttpRequest& request) const;

 private:
  enum class Part { kPointer, kTorrent, kFile, kOther };
  [[nodiscard]] static Part part_of(const std::string& path);
  [[nodiscard]] HttpTruth answer(const HttpRequest& request, std::string body) const;
  [[nodiscard]] std::string file(const std::string& path) const;

  ReleaseFiles newest_;
  std::vector<ReleaseFiles> older_;
  std::string releases_;
};

}  // namespace phase::sim
