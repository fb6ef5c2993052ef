// What a provider holds in memory of its own while 200 peers fetch a release of 300 MB from it. They
// are sessions of ours in this process, each with a connection and a folder of its own; what they get
// together is limited, so that all of them ask all of the time.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "dht/session.h"
#include "dht/torrent.h"
#include "sim/command.h"
#include "tests/bench/bench.h"
#include "tests/bench/small_release.h"

namespace phase::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kReleaseBytes = 300'000'000;
constexpr int kPeers = 200;
/// Enough for each to come by new pieces all the time, and not more than the disk takes.
constexpr const char* kRate = "400mbit";
constexpr seconds kWatched{30};
constexpr minutes kGather{3};
constexpr double kMiB = 1 << 20;

Bytes read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const std::string bytes = text.str();
  return {bytes.begin(), bytes.end()};
}

/// Beside page cache: RssAnon and RssShmem.
double own_mib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  double kib = 0;
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string name;
    double value = 0;
    words >> name >> value;
    if (name == "RssAnon:" || name == "RssShmem:") kib += value;
  }
  check(kib > 0, "the provider's memory can be read");
  return kib / 1024;
}

struct Peer {
  std::unique_ptr<dht::Session> session;
  dht::ReleaseId release = 0;
};

class Crowd {
 public:
  Crowd(const std::string& folder, const Endpoint& provider, const Bytes& torrent) {
    const auto info = must(dht::read_torrent(torrent));
    std::vector<std::string> files;
    for (const auto& file : info.files) files.push_back(file.path);
    for (int i = 0; i < kPeers; ++i) {
      const std::string own = folder + "/" + std::to_string(i);
      std::filesystem::create_directories(own);
      dht::SessionOptions options;
      options.listen = {*parse_address("127.0.0.1", 0)};
      options.network = dht::NetworkKind::kPrivate;
      options.enable_dht = false;
      options.incoming = false;
      // From the provider alone: that each has a connection with everybody is not the matter.
      options.peer_exchange = false;
      Peer peer{must(dht::Session::open(options)), 0};
      peer.release = must(peer.session->fetch(info.infohashes, own, torrent));
      must(peer.session->want(peer.release, files));
      peer.session->connect(peer.release, provider, {.given = true});
      peers_.push_back(std::move(peer));
    }
  }
  void look() {
    connected_ = begun_ = 0;
    received_ = 0;
    for (Peer& peer : peers_) {
      (void)peer.session->wait(milliseconds(0));
      const auto status = peer.session->status(peer.release);
      connected_ += status.peers > 0 ? 1 : 0;
      begun_ += status.done > 0 ? 1 : 0;
      received_ += static_cast<double>(status.done);
    }
  }
  [[nodiscard]] int connected() const { return connected_; }
  [[nodiscard]] int begun() const { return begun_; }  ///< Peers that have a piece.
  [[nodiscard]] double received() const { return received_; }

 private:
  std::vector<Peer> peers_;
  int connected_ = 0;
  int begun_ = 0;
  double received_ = 0;
};

}  // namespace

void run_memory(Bench& bench) {
  must(sim::run_commands({{"ip", "link", "set", "lo", "up"},
                          {"tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", kRate, "burst",
                           "500000", "latency", "100ms"}}));
  const std::string store = bench.scratch + "/store";
  const auto kit = make_small_release(bench.shell, bench.scratch, kReleaseBytes);
  (void)must(bench.shell.run(
      "", {"plasmd", "publish", "-a", store, "--secret-key", kit.secret_key, "--channel", "stable",
           "--arch", "x86_64", "--kernel", kit.kernel.vmlinuz, "--initramfs", kit.node_initramfs}));
  auto provider = must(bench.shell.start(
      "", {"plasmd", "serve", "-a", store, "--bind", "127.0.0.1", "-p", "8080", "--no-dht",
           "--no-lan"}));
  const auto heard =
      must(bench.shell.await(*provider, "^listening peer=(\\S+)", "it listens", minutes(1)));
  must(bench.shell.await(*provider, "^serving channel=", "it serves", minutes(1)));
  const auto at = parse_endpoint(heard.groups[1]);
  check(at.has_value(), "the provider says where it listens");
  const std::string file = bench.scratch + "/release.torrent";
  (void)must(bench.shell.run("", {"curl", "--silent", "--fail", "--output", file,
                                  "http://127.0.0.1:8080/stable/x86_64/release.torrent"}));
  const double before = own_mib(provider->pid());

  Crowd crowd(bench.scratch + "/peers", *at, read_all(file));
  double peak = before;
  const auto give_up = std::chrono::steady_clock::now() + kGather;
  while (crowd.begun() < kPeers && std::chrono::steady_clock::now() < give_up) {
    crowd.look();
    peak = std::max(peak, own_mib(provider->pid()));
  }
  const double gathered = crowd.received();
  int least_connected = crowd.connected();
  const auto end = std::chrono::steady_clock::now() + kWatched;
  while (std::chrono::steady_clock::now() < end) {
    crowd.look();
    peak = std::max(peak, own_mib(provider->pid()));
    least_connected = std::min(least_connected, crowd.connected());
  }
  bench.report.add(Table{
      "memory",
      "A provider with 300 MB and 200 peers that fetch: its own memory beside page cache, in MiB",
      {"peers that got a piece", "connected at least", "MiB sent meanwhile", "before", "at most"},
      {{Figure{double(crowd.begun()), 0}, Figure{double(least_connected), 0},
        Figure{(crowd.received() - gathered) / kMiB, 0}, Figure{before, 1}, Figure{peak, 1}}}});
}

}  // namespace phase::bench
