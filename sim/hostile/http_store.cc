#include "sim/hostile/http_store.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace phase::sim {
namespace {

constexpr std::size_t kMaxRequestBytes = 16 * 1024;
constexpr std::string_view kReleases = "/release/";

std::string slurp(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

/// The number behind the last dash of `manner`.
std::size_t number_of(const std::string& manner) {
  std::size_t out = 0;
  const auto dash = manner.rfind('-');
  if (dash == std::string::npos) return 0;
  const char* end = manner.data() + manner.size();
  const auto read = std::from_chars(manner.data() + dash + 1, end, out);
  return read.ec == std::errc() && read.ptr == end ? out : 0;
}

}  // namespace

bool read_request(const Victim& victim, HttpRequest& into) {
  std::string text;
  for (char byte = 0; text.size() < kMaxRequestBytes && victim.read_byte(byte);) {
    text += byte;
    if (text.ends_with("\r\n\r\n")) break;
  }
  const auto begin = text.find(" /");
  const auto end = begin == std::string::npos ? begin : text.find(' ', begin + 1);
  if (end == std::string::npos) return false;
  const std::string path = text.substr(begin + 2, end - begin - 2);
  into.manner = path.substr(0, path.find('/'));
  into.path = path.substr(into.manner.size());
  const auto range = text.find("bytes=");
  if (range != std::string::npos) {
    into.ranged = true;
    std::istringstream numbers(text.substr(range + 6));
    char dash = 0;
    numbers >> into.from >> dash >> into.to;
  }
  return true;
}

HttpStore::HttpStore(ReleaseFiles newest, std::vector<ReleaseFiles> older, std::string releases)
    : newest_(std::move(newest)), older_(std::move(older)), releases_(std::move(releases)) {}

HttpStore::Part HttpStore::part_of(const std::string& path) {
  if (path.starts_with("/pointer/")) return Part::kPointer;
  if (path.ends_with("/release.torrent")) return Part::kTorrent;
  const bool is_file = path.starts_with(kReleases) && path.find("..") == std::string::npos;
  return is_file ? Part::kFile : Part::kOther;
}

std::string HttpStore::file(const std::string& path) const {
  return slurp(releases_ + "/" + path.substr(kReleases.size()));
}

HttpTruth HttpStore::answer(const HttpRequest& request, std::string body) const {
  HttpTruth out;
  out.path = request.path;
  out.body = std::move(body);
  if (request.ranged && request.from < out.body.size()) {
    const auto size = out.body.size();
    const auto to = std::min(request.to, size - 1);
    out.body = out.body.substr(request.from, to - request.from + 1);
    out.status = "206 Partial Content";
    out.range = "bytes " + std::to_string(request.from) + "-" + std::to_string(to) + "/" +
                std::to_string(size);
  }
  return out;
}

HttpTruth HttpStore::truth(const HttpRequest& request) const {
  switch (part_of(request.path)) {
    case Part::kPointer:
      return answer(request, slurp(newest_.pointer));
    case Part::kTorrent:
      return answer(request, slurp(newest_.torrent));
    case Part::kFile:
      return answer(request, file(request.path));
    case Part::kOther:
      break;
  }
  return answer(request, {});
}

std::optional<HttpTruth> HttpStore::replay(const HttpRequest& request) const {
  const auto number = number_of(request.manner);
  if (number == 0 || number > older_.size()) return std::nullopt;
  const ReleaseFiles& old = older_[number - 1];
  const std::string how = request.manner.substr(0, request.manner.rfind('-'));
  const Part part = part_of(request.path);
  const bool all = how == "replay";
  if (all && part == Part::kPointer) return answer(request, slurp(old.pointer));
  if ((all || how == "mix") && part == Part::kTorrent) return answer(request, slurp(old.torrent));
  // An older release is asked for by its own name, the newest one by the newest's.
  if (all && part == Part::kFile) return answer(request, file(request.path));
  if (how != "swap" || part != Part::kFile) return std::nullopt;
  const auto name_end = request.path.find('/', kReleases.size());
  if (name_end == std::string::npos) return std::nullopt;
  const std::string old_name = std::filesystem::path(old.torrent).stem().string();
  return answer(request, file(std::string(kReleases) + old_name + request.path.substr(name_end)));
}

}  // namespace phase::sim
