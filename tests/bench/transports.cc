// TCP or uTP: one release from one provider to one client, by each, on a LAN, on lines with delay and
// loss, and beside somebody else's TCP. Two libtorrent sessions of this process with the settings of
// ours, each in a network of its own; who calls decides which it is.
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/posix_disk_io.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/torrent_info.hpp>
#include <libtorrent/torrent_status.hpp>

#include "dht/connect_now.h"
#include "dht/convert.h"
#include "dht/no_delay.h"
#include "dht/settings.h"
#include "dht/torrent.h"
#include "sim/network.h"
#include "tests/bench/bench.h"
#include "tests/integration/in_network.h"

namespace phase::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr double kMiB = 1 << 20;
constexpr double kGiB = 1 << 30;
/// What is not there by then counts as what came until then.
constexpr seconds kPatience{60};
constexpr const char* kName = "release";
constexpr std::uint16_t kPort = 6881;

struct Line {
  std::string name;
  sim::Rate rate;
  sim::Path path;
  std::size_t mib;
  bool beside_curl = false;
};

/// Half of the delay and of the loss each way.
sim::Path wan(double loss) {
  sim::Path path;
  path.delay = milliseconds(20);
  path.loss = loss / 2;
  return path;
}

double own_cpu() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto in_seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return in_seconds(used.ru_utime) + in_seconds(used.ru_stime);
}

struct Moved {
  double mib = 0, seconds = 0, cpu = 0;
  double curl_mib = 0;  ///< Meanwhile, by the curl beside it.
  [[nodiscard]] double rate() const { return mib / seconds; }
};

class Pair {
 public:
  Pair(Bench& bench, const Line& line)
      : shell_(bench.shell), folder_(bench.scratch), network_(must(sim::Network::create())),
        provider_(must(network_->add_host("provider", "10.77.3.1", line.rate, line.path))),
        client_(must(network_->add_host("client", "10.77.8.1"))) {
    std::filesystem::create_directories(folder_ + "/" + kName);
    std::ofstream file(folder_ + "/" + kName + "/initramfs", std::ios::binary);
    std::uint32_t x = 2463534242;  // xorshift: the same incompressible words each run
    for (std::size_t word = 0; word < (line.mib << 20) / sizeof x; ++word) {
      x ^= x << 13;
      x ^= x >> 17;
      x ^= x << 5;
      file.write(reinterpret_cast<const char*>(&x), sizeof x);
    }
    file.close();
    torrent_ = must(dht::make_torrent(kName, folder_ + "/" + kName, {"initramfs"})).torrent;
  }
  ~Pair() { std::filesystem::remove_all(folder_ + "/" + kName); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  [[nodiscard]] Moved run(bool utp, bool beside_curl) {
    const std::string into = folder_ + "/into";
    std::filesystem::create_directories(into);
    lt::session seed = open(provider_, utp);
    lt::session peer = open(client_, utp);
    auto given = params(folder_);
    given.flags |= lt::torrent_flags::seed_mode | lt::torrent_flags::upload_mode;
    const auto seeded = seed.add_torrent(std::move(given));
    const auto wanted = peer.add_torrent(params(into));
    const auto curl = beside_curl ? start_curl() : nullptr;
    const double before = own_cpu(), curl_before = curl_mib();
    const auto began = Clock::now();
    wanted.connect_peer({lt::make_address(provider_.address), kPort});
    dht::connect_now(wanted);
    lt::torrent_status status;
    do {
      peer.wait_for_alert(milliseconds(10));
      std::vector<lt::alert*> alerts;
      peer.pop_alerts(&alerts);
      status = wanted.status({});
    } while (!status.is_seeding && Clock::now() - began < kPatience);
    const Moved moved{static_cast<double>(status.total_wanted_done) / kMiB,
                      std::chrono::duration<double>(Clock::now() - began).count(),
                      own_cpu() - before, curl_mib() - curl_before};
    check(moved.mib > 0, "something came");
    std::filesystem::remove_all(into);
    return moved;
  }

  /// Has a TCP flow that takes what it gets come from the provider.
  void serve_web() {
    const std::string root = folder_ + "/www";
    std::filesystem::create_directories(root);
    std::ofstream(root + "/endless").close();
    std::filesystem::resize_file(root + "/endless", std::uintmax_t{8} << 30);
    std::ofstream(root + "/nginx.conf")
        << "daemon off; user root; error_log /dev/null; pid nginx.pid; events {}\n"
           "http { access_log off; sendfile on; server { listen 8088; root " << root << "; } }\n";
    nginx_ = must(shell_.start(provider_.name, {"nginx", "-p", root, "-c", root + "/nginx.conf"}));
    (void)must(shell_.run(client_.name, {"curl", "--silent", "--fail", "--retry", "40",
                                         "--retry-connrefused", "--retry-delay", "1", "--output",
                                         "/dev/null", web() + "nginx.conf"}));
  }
  /// Alone for `how_long`: MiB a second.
  [[nodiscard]] double curl_alone(seconds how_long) {
    const auto curl = start_curl();
    const auto began = Clock::now();
    const double before = curl_mib();
    (void)shell_.await_end(*curl, "curl runs alone", how_long);  // It never ends by itself.
    return (curl_mib() - before) / std::chrono::duration<double>(Clock::now() - began).count();
  }

 private:
  [[nodiscard]] lt::session open(const sim::Host& host, bool utp) const {
    const InNetwork inside(host);
    dht::SessionOptions options;
    options.enable_dht = false;
    options.network = dht::NetworkKind::kPublic;
    auto settings = dht::make_settings(options, {*parse_address(host.address, kPort)});
    settings.set_bool(lt::settings_pack::enable_outgoing_tcp, !utp);
    settings.set_bool(lt::settings_pack::enable_outgoing_utp, utp);
    lt::session_params params(settings, {});
    params.disk_io_constructor = lt::posix_disk_io_constructor;
    return lt::session(std::move(params));
  }
  [[nodiscard]] lt::add_torrent_params params(const std::string& parent) const {
    lt::add_torrent_params out;
    out.save_path = parent;
    out.flags = lt::torrent_flags::disable_dht | lt::torrent_flags::disable_lsd;
    out.ti = std::make_shared<lt::torrent_info>(dht::to_span(torrent_), lt::from_span);
    out.extensions.emplace_back([](const lt::torrent_handle&, lt::client_data_t) {
      return dht::make_no_delay_plugin();
    });
    out.extensions.emplace_back([](const lt::torrent_handle& handle, lt::client_data_t) {
      return dht::make_connect_now_plugin(handle);
    });
    return out;
  }
  [[nodiscard]] std::string web() const { return "http://" + provider_.address + ":8088/"; }
  [[nodiscard]] std::string endless() const { return folder_ + "/endless"; }
  [[nodiscard]] std::unique_ptr<sim::Process> start_curl() {
    std::filesystem::remove(endless());
    auto curl = must(shell_.start(client_.name, {"curl", "--silent", "--fail", "--no-buffer",
                                                 "--output", endless(), web() + "endless"}));
    // Through its slow start, so that it is a flow that was there before.
    const auto until = Clock::now() + kPatience;
    while (curl_mib() < 8 && Clock::now() < until) {
      (void)shell_.await_end(*curl, "curl has begun", milliseconds(50));
    }
    check(curl_mib() >= 8, "curl runs");
    return curl;
  }
  [[nodiscard]] double curl_mib() const {
    std::error_code none;
    const auto size = std::filesystem::file_size(endless(), none);
    return none ? 0 : static_cast<double>(size) / kMiB;
  }

  sim::Shell& shell_;
  std::string folder_;
  std::unique_ptr<sim::Network> network_;
  sim::Host provider_, client_;
  Bytes torrent_;
  std::unique_ptr<sim::Process> nginx_;
};

struct Figures {
  std::vector<double> rate, cpu, curl;
  void add(const Moved& moved) {
    rate.push_back(moved.rate());
    cpu.push_back(moved.cpu * kGiB / kMiB / moved.mib);
    curl.push_back(moved.curl_mib / moved.seconds);
  }
};

}  // namespace

void run_transports(Bench& bench) {
  const sim::Rate lan{1'000'000'000}, line{50'000'000};
  const std::vector<Line> lines = {
      {"1 Gbit/s, no delay", lan, {}, 64},
      {"50 Mbit/s, 40 ms", line, wan(0), 32},
      {"50 Mbit/s, 40 ms, 0.5 % loss", line, wan(0.005), 16},
      {"50 Mbit/s, 40 ms, 2 % loss", line, wan(0.02), 8},
      {"50 Mbit/s, 40 ms, beside curl", line, wan(0), 32, true},
  };
  Table table{"transports",
              "One client, one provider, medians; CPU of both; the loss is that of both ways together",
              {"line", "MiB", "how", "MiB/s", "of TCP", "CPU s a GiB", "curl's MiB/s beside it"},
              {}};
  for (const Line& one : lines) {
    Pair pair(bench, one);
    if (one.beside_curl) pair.serve_web();
    Figures tcp, utp;
    for (int run = 0; run < bench.runs; ++run) {
      tcp.add(pair.run(false, one.beside_curl));
      utp.add(pair.run(true, one.beside_curl));
    }
    for (const auto& [name, figures] : {std::pair{"TCP", &tcp}, std::pair{"uTP", &utp}}) {
      Cell curl = std::string("-");
      if (one.beside_curl) curl = Figure{median(figures->curl), 2};
      table.rows.push_back({one.name, Figure{static_cast<double>(one.mib), 0}, name,
                            Figure{median(figures->rate), 2},
                            Figure{median(figures->rate) / median(tcp.rate), 3},
                            Figure{median(figures->cpu), 1}, curl});
    }
    if (one.beside_curl) {
      table.rows.push_back({one.name, "-", "curl alone", "-", "-", "-",
                            Figure{pair.curl_alone(seconds(10)), 2}});
    }
  }
  bench.report.add(table);
}

}  // namespace phase::bench
