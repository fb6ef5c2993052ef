// Goal: whoever has a BitTorrent program needs none of ours: it downloads a release from our nodes,
// and machines fetch from it alone once we are gone. Method: Debian's rtorrent and qbittorrent-nox,
// unmodified, by .torrent file and by magnet link, in a private DHT; what docs/CLIENTS.md tells a
// person is what they are told.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "clients_fixture.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
namespace fs = std::filesystem;

class TorrentClients : public Clients {
 protected:
  void SetUp() override {
    Clients::SetUp();
    serve();
    for (const char* name : {"down", "session", "watch", "profile/qBittorrent/config"})
      fs::create_directories(own(name));
    word_ = listen_for_word(own("word"));
  }
  /// Waits for a .torrent file in watch/, joins the DHT where our nodes do.
  void start_rtorrent() {
    std::ofstream(own("rc"))
        << "system.daemon.set = true\ndirectory.default.set = " << own("down")
        << "\nsession.path.set = " << own("session") << "\nnetwork.bind_address.set = " << kClient
        << "\nnetwork.port_range.set = 6881-6881\ndht.mode.set = on\ndht.port.set = 6881\n"
        << "schedule2 = join, 0, 5, \"dht.add_node=" << world().bootstrap().front() << "\"\n"
        << "schedule2 = watch, 1, 1, ((load.start, \"" << own("watch") << "/*.torrent\"))\n"
        << "method.set_key = event.download.finished, word, \"execute.nothrow.bg={cp,/proc/version,"
        << own("word") << "}\"\n"
        << "log.open_file = log, /dev/stdout\nlog.add_output = info, log\n"
        << page("rtorrent");
    client_ = start("client", {"rtorrent", "-n", "-o", "import=" + own("rc")}, {"TERM=xterm"});
  }
  /// As `plasmd discover` prints it: 40 hex digits of the line that ends with `which`.
  [[nodiscard]] Ended infohash(const std::string& which = "v1") {
    return run(
        "client",
        with_bootstrap({"sh", "-c",
                        "\"$0\" \"$@\" | sed -n 's/^[a-z ]* \\([0-9a-f]\\{40\\}\\)[0-9a-f]* (" +
                            which + ")/\\1/p'",
                        sim::own_folder() + "/plasmd", "discover", "--trust", kit().public_key}));
  }
  void start_qbittorrent() {
    std::ofstream(own("profile/qBittorrent/config/qBittorrent.conf"))
        << "[AutoRun]\nenabled=true\nprogram=cp /proc/version " << own("word")
        << "\n[BitTorrent]\nSession\\Port=6881\nSession\\DefaultSavePath=" << own("down")
        << "\n[LegalNotice]\nAccepted=true\n[Preferences]\nWebUI\\LocalHostAuth=false\n";
  }
  /// The client has all of it, and gives all of it once nobody else does.
  void expect_both_ways() {
    const auto done = word_->wait(minutes(1));
    ASSERT_TRUE(done.ok()) << client_->last_lines(40);
    expect_release_in(own("down") + "/" + release_name());
    end_provider();
    expect_fetched_from(kClient);
  }
  std::unique_ptr<sim::Process> client_, word_;
};

TEST_F(TorrentClients, RtorrentTakesTheTorrentFileAndMachinesFetchFromItAlone) {
  start_rtorrent();
  const Ended got = run_page("sh rtorrent", own(""));
  ASSERT_EQ(got.code, 0) << got.output;
  expect_both_ways();
}

TEST_F(TorrentClients, RtorrentTakesTheMagnetLink) {
  const Ended hash = infohash();
  ASSERT_EQ(hash.output.size(), 41U) << hash.output;
  const std::string magnet =
      "magnet:?xt=urn:btih:" + hash.output.substr(0, 40) + "&x.pe=" + kProvider + ":6881";
  start_rtorrent();
  // A file of this form is how rtorrent keeps a magnet link that it was given.
  std::ofstream(own("watch/new")) << "d10:magnet-uri" << magnet.size() << ":" << magnet << "e";
  fs::rename(own("watch/new"), own("watch/release.torrent"));
  expect_both_ways();
}

TEST_F(TorrentClients, QbittorrentTakesTheMagnetLinkAndMachinesFetchFromItAlone) {
  const Ended hash = infohash();
  ASSERT_EQ(hash.output.size(), 41U) << hash.output;
  start_qbittorrent();
  client_ = start(
      "client",
      {"sh", "-c",
       "cd " + own("") + "; INFOHASH=" + hash.output.substr(0, 40) + "; exec " + page("sh magnet")},
      {"HOME=" + own("")});
  expect_both_ways();
}

TEST_F(TorrentClients, AScriptFollowsThePointerWithTheKeyAlone) {
  fs::copy_file(folder() + "/key/phase.pub", own("down/phase.pub"));
  std::ofstream(own("down/follow.py")) << page("python bep46");
  const Ended followed =
      run("client", {"sh", "-e", "-c", "cd " + own("down") + "; exec /usr/bin/python3 follow.py"});
  ASSERT_EQ(followed.code, 0) << followed.output;
  expect_release_in(own("down") + "/" + release_name());
}

TEST_F(TorrentClients, QbittorrentTakesTheTorrentFile) {
  // It calls a hybrid torrent by the first 40 digits of the v2 infohash.
  const Ended hash = infohash("v2");
  ASSERT_EQ(hash.output.size(), 41U) << hash.output;
  const Ended got = run_page("sh rtorrent", own(""));
  ASSERT_EQ(got.code, 0) << got.output;
  start_qbittorrent();
  client_ = start("client",
                  {"qbittorrent-nox", "--profile=" + own("profile"), own("watch/release.torrent")},
                  {"HOME=" + own("")});
  // A torrent file names no peer, and this network is no part of the public DHT: a person adds one.
  // Until it has begun with the torrent, it answers that it added nothing.
  const auto deadline = std::chrono::steady_clock::now() + minutes(1);
  std::string answer;
  while (answer.find("\"added\":1") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << answer << client_->last_lines(20);
    answer = run("client", {"curl", "-sS", "--data",
                            "peers=10.77.2.1:6881&hashes=" + hash.output.substr(0, 40),
                            "http://127.0.0.1:8080/api/v2/torrents/addPeers"})
                 .output;
  }
  expect_both_ways();
}

}  // namespace
}  // namespace phase::node::test
