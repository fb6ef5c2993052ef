#include "node/metalink.h"

#include <unistd.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "dht/piece_sums.h"
#include "proto/pointer.h"

namespace phase::node {
namespace {

std::string text_of(const Endpoint& at, std::uint16_t port) {
  Endpoint http = at;
  http.port = port;
  return "http://" + http.text();
}

/// Bytes [first, entry.size) of a file that is open; empty where they cannot be read.
Bytes tail_of(const CatalogueEntry& entry, std::uint64_t first) {
  if (!entry.file) return {};
  Bytes tail(static_cast<std::size_t>(entry.size - first));
  std::size_t got = 0;
  while (got < tail.size()) {
    const auto now = ::pread(entry.file->fd(), tail.data() + got, tail.size() - got,
                             static_cast<off_t>(first + got));
    if (now <= 0) return {};
    got += static_cast<std::size_t>(now);
  }
  return tail;
}

/// The SHA-1 of each piece of one file, for clients that drop a bad piece before the file is whole.
/// The torrent has them, but for the last piece of a file: that one is filled up with zeros there.
/// Empty where there is one piece only, and where the last one is not what the torrent says.
std::vector<Sha1> piece_hashes(const dht::FileSums& file, std::uint32_t piece_length,
                               const CatalogueEntry& entry) {
  if (file.sums.size() < 2 || file.size != entry.size) return {};
  const std::uint64_t last = std::uint64_t{piece_length} * (file.sums.size() - 1);
  Bytes tail = tail_of(entry, last);
  if (tail.empty()) return {};
  std::vector<Sha1> hashes = file.sums;
  hashes.back() = sha1(tail);
  tail.resize(piece_length, 0);
  if (hashes.back() != file.sums.back() && sha1(tail) != file.sums.back()) return {};
  return hashes;
}

void add_text(pugi::xml_node parent, const char* name, const std::string& text) {
  parent.append_child(name).text().set(text.c_str());
}

void add_hashes(pugi::xml_node node, const CatalogueEntry& entry, const dht::FileSums* sums,
                std::uint32_t piece_length) {
  auto whole = node.append_child("hash");
  whole.append_attribute("type") = "sha-256";
  whole.text().set(entry.etag.c_str());
  if (sums == nullptr) return;
  const auto hashes = piece_hashes(*sums, piece_length, entry);
  if (hashes.empty()) return;
  auto pieces = node.append_child("pieces");
  pieces.append_attribute("length") = piece_length;
  pieces.append_attribute("type") = "sha-1";
  for (const Sha1& hash : hashes) add_text(pieces, "hash", to_hex(hash));
}

void add_urls(pugi::xml_node node, const std::string& path,
              const std::vector<std::string>& servers) {
  auto own = node.append_child("url");
  own.append_attribute("priority") = 1;
  own.text().set(("/release/" + path).c_str());
  for (const std::string& server : servers) {
    auto url = node.append_child("url");
    url.append_attribute("priority") = 1;
    url.text().set((server + "/" + path).c_str());
  }
}

}  // namespace

std::vector<std::string> metalink_servers(const StoredRelease& release,
                                          const std::vector<std::string>& others) {
  std::vector<std::string> servers;
  const auto add = [&](std::string base) {
    while (base.ends_with('/')) base.pop_back();
    base += "/release";
    const bool known = std::find(servers.begin(), servers.end(), base) != servers.end();
    if (!known && servers.size() < kMaxMetalinkServers) servers.push_back(std::move(base));
  };
  if (!release.pointer.empty()) {
    if (const auto pointer = decode_pointer(release.pointer.front().value); pointer) {
      for (const ProviderHint& hint : pointer->providers) {
        if (hint.http_port != 0) add(text_of(hint.peer, hint.http_port));
      }
    }
  }
  for (const std::string& other : others) add(other);
  return servers;
}

std::string metalink_of(const StoredRelease& release, const Catalogue& catalogue,
                        const std::vector<std::string>& others) {
  const auto servers = metalink_servers(release, others);
  const auto sums = dht::read_piece_sums(release.torrent);
  pugi::xml_document document;
  auto root = document.append_child("metalink");
  root.append_attribute("xmlns") = "urn:ietf:params:xml:ns:metalink";
  // No <metaurl> of the torrent: aria2 would take it, and computes a wrong infohash of a hybrid
  // one.
  for (const dht::TorrentFile& file : release.info.files) {
    const std::string path = release.name + "/" + file.path;
    const auto entry = catalogue.find("/release/" + path);
    if (!entry) continue;
    auto node = root.append_child("file");
    node.append_attribute("name") = path.c_str();
    add_text(node, "version", std::to_string(release.manifest.release_version));
    add_text(node, "size", std::to_string(entry->size));
    const dht::FileSums* of_file = nullptr;
    if (sums) {
      for (const auto& one : sums->files) {
        if (one.path == file.path) of_file = &one;
      }
    }
    add_hashes(node, *entry, of_file, release.info.piece_length);
    add_urls(node, path, servers);
  }
  std::ostringstream out;
  document.save(out, " ", pugi::format_indent, pugi::encoding_utf8);
  return out.str();
}

void add_metalinks(Catalogue& catalogue, const std::vector<StoredRelease>& releases,
                   const OtherServers& others) {
  for (const StoredRelease& release : releases) {
    if (!release.current) continue;
    const std::string text = metalink_of(release, catalogue, others(release));
    // The first release of a channel has the short paths; what is there already stays.
    for (const auto& arch : names_of_arch(release.arch)) {
      catalogue.add_bytes("/" + release.channel + "/" + arch + "/" + kMetalinkFile,
                          {text.begin(), text.end()}, kMetalinkType);
    }
  }
}

}  // namespace phase::node
