// phase-hostile-http: an HTTP provider that lies. Asked for /<lie>/…, it answers with that lie of
// http_lies.h; asked for /seed-<lie>/…, it relays pointer and .torrent as they are and lies as a web
// seed; /truth/… is honest, so that a test can tell a lie from a server that does not work.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "sim/hostile/http_lies.h"
#include "sim/stranger.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxRequestBytes = 16 * 1024;

struct Options {
  std::string listen, pointer, torrent, releases;
  std::uint64_t rng_seed = 1;
  bool list = false;
};

struct Request {
  std::string lie;   ///< First part of the path.
  std::string path;  ///< The rest, from its slash on.
  std::size_t from = 0, to = SIZE_MAX;
  bool ranged = false;
};

bool read_request(const Victim& victim, Request& into) {
  std::string text;
  for (char byte = 0; text.size() < kMaxRequestBytes && victim.read_byte(byte);) {
    text += byte;
    if (text.ends_with("\r\n\r\n")) break;
  }
  const auto begin = text.find(" /");
  const auto end = begin == std::string::npos ? begin : text.find(' ', begin + 1);
  if (end == std::string::npos) return false;
  const std::string path = text.substr(begin + 2, end - begin - 2);
  into.lie = path.substr(0, path.find('/'));
  into.path = path.substr(into.lie.size());
  const auto range = text.find("bytes=");
  if (range != std::string::npos) {
    into.ranged = true;
    std::istringstream numbers(text.substr(range + 6));
    char dash = 0;
    numbers >> into.from >> dash >> into.to;
  }
  return true;
}

std::string slurp(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

class Server {
 public:
  Server(const Options& options, Tally& tally) : options_(options), tally_(tally) {}

  void serve(const Victim& victim) const {
    Chance chance(options_.rng_seed * 1'000'003 + victim.number());
    Request request;
    if (!read_request(victim, request)) return;
    const HttpTruth truth = truth_of(request);
    constexpr std::string_view kSeed = "seed-";
    const bool as_seed = request.lie.starts_with(kSeed);
    const std::string name = as_seed ? request.lie.substr(kSeed.size()) : request.lie;
    const bool is_seed_request = request.path.starts_with("/release/");
    if (as_seed && !is_seed_request) {
      (void)tell_truth(truth, victim);
    } else if (!lie(name, truth, victim, chance, tally_)) {
      (void)tell_truth(truth, victim);
    }
  }

 private:
  [[nodiscard]] HttpTruth truth_of(const Request& request) const {
    HttpTruth out;
    out.path = request.path;
    if (request.path.starts_with("/pointer/")) {
      out.body = slurp(options_.pointer);
    } else if (request.path.ends_with("/release.torrent")) {
      out.body = slurp(options_.torrent);
    } else if (request.path.starts_with("/release/") &&
               request.path.find("..") == std::string::npos) {
      out.body = slurp(options_.releases + request.path.substr(8));
    }
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

  const Options& options_;
  Tally& tally_;
};

Result<void> run(const Options& options) {
  const auto at = parse_endpoints({options.listen});
  if (!at) return at.error();
  const sigset_t signals = block_end_signals();
  Tally tally;
  const Server server(options, tally);
  auto listening = listen_for_victims((*at)[0], [&](const Victim& victim) { server.serve(victim); });
  if (!listening) return listening;
  attack_until_ended(tally, signals);
}

}  // namespace
}  // namespace phase::sim

int main(int argc, char** argv) {
  CLI::App app("An HTTP provider that lies, as the first part of the path says");
  phase::sim::Options options;
  app.add_option("--listen", options.listen, "ADDRESS:PORT");
  app.add_option("--pointer", options.pointer, "what /pointer/… would truly be");
  app.add_option("--torrent", options.torrent, "what …/release.torrent would truly be");
  app.add_option("--releases", options.releases, "folder behind /release/");
  app.add_option("--rng-seed", options.rng_seed, "repeats a run");
  app.add_flag("--list", options.list, "prints the names of all lies");
  CLI11_PARSE(app, argc, argv);
  if (options.list) {
    for (const auto& name : phase::sim::http_lie_names()) std::cout << name << "\n";
    return 0;
  }
  phase::Result<void> outcome;
  try {
    outcome = phase::sim::run(options);
  } catch (const std::exception& failure) {
    outcome = {phase::ErrorCode::kInternal, failure.what()};
  }
  if (outcome) return 0;
  std::cerr << "phase-hostile-http: " << outcome.error().detail << "\n";
  return phase::exit_code(outcome.error().code);
}
