#include "tests/bench/aria_swarm.h"

#include <fstream>

#include "proto/endpoint.h"
#include "proto/hash.h"
#include "tests/bench/bench.h"
#include "tests/bench/cpu_time.h"

namespace phase::bench {
namespace {

constexpr std::uint16_t kPort = 6999;
constexpr std::size_t kPiece = 256 * 1024;

std::string bencoded(const std::string& text) { return std::to_string(text.size()) + ":" + text; }

std::string torrent_of(const std::string& path, const std::string& name,
                       const std::string& announce) {
  std::ifstream in(path, std::ios::binary);
  std::string pieces, piece(kPiece, '\0');
  std::size_t size = 0;
  for (std::size_t got = kPiece; got == kPiece; size += got) {
    in.read(piece.data(), static_cast<std::streamsize>(kPiece));
    got = static_cast<std::size_t>(in.gcount());
    if (got == 0) break;
    pieces += as_text(sha1(as_bytes(piece).first(got)));
  }
  check(size > 0, "there is a file to seed");
  return "d8:announce" + bencoded(announce) + "4:infod6:lengthi" + std::to_string(size) +
         "e4:name" + bencoded(name) + "12:piece lengthi" + std::to_string(kPiece) + "e6:pieces" +
         bencoded(pieces) + "ee";
}

/// BEP 23.
std::string tracker_answer(const std::vector<std::string>& addresses) {
  std::string peers;
  for (const std::string& address : addresses) {
    const auto at = parse_address(address, kPort);
    check(at.has_value() && !at->v6, "a provider has an IPv4 address");
    for (std::size_t i = 0; i < 4; ++i) peers.push_back(static_cast<char>(at->address[i]));
    peers.push_back(static_cast<char>(kPort >> 8));
    peers.push_back(static_cast<char>(kPort & 0xff));
  }
  return "d8:intervali1800e5:peers" + bencoded(peers) + "e";
}

std::vector<std::string> aria2(const std::string& folder, const std::string& torrent) {
  return {"aria2c", "--dir=" + folder, "--enable-dht=false", "--show-console-readout=false",
          "--file-allocation=none", "--listen-port=" + std::to_string(kPort), torrent};
}

}  // namespace

AriaSwarm::AriaSwarm(sim::World& world, const std::vector<std::string>& roots,
                     const std::string& file, const std::string& tracker)
    : torrent_(roots.front() + "/v1.torrent") {
  std::vector<std::string> addresses;
  for (std::size_t i = 0; i < roots.size(); ++i) addresses.push_back(world.provider_address(i));
  std::ofstream(torrent_, std::ios::binary)
      << torrent_of(roots.front() + "/" + file, file, tracker + "/announce");
  std::ofstream(roots.front() + "/announce", std::ios::binary) << tracker_answer(addresses);
  for (std::size_t i = 0; i < roots.size(); ++i) {
    auto argv = aria2(roots[i], torrent_);
    argv.insert(argv.end() - 1, {"--check-integrity=true", "--seed-ratio=0.0"});
    seeds_.push_back(must(world.shell().start("provider" + std::to_string(i + 1), argv)));
  }
  for (auto& seed : seeds_) {
    must(world.shell().await(*seed, "Verification finished successfully", "aria2 seeds",
                             std::chrono::minutes(1)));
  }
}

std::vector<std::string> AriaSwarm::fetch(const std::string& folder) const {
  auto argv = aria2(folder, torrent_);
  argv.insert(argv.end() - 1, {"--seed-time=0", "--quiet"});
  return argv;
}

double AriaSwarm::cpu_seconds() const {
  double all = 0;
  for (const auto& seed : seeds_) all += cpu_of(seed->pid());
  return all;
}

}  // namespace phase::bench
