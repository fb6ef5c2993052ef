// Goal: by release.meta4 a download program uses several providers at once, loses one of them and
// nothing else, and has the right bytes. Method: Debian's aria2c; two of our nodes and an nginx
// that has a copy of the release's folder; one node is killed in the middle.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "clients_fixture.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
namespace fs = std::filesystem;

class MetalinkClients : public Clients {
 protected:
  static constexpr const char* kMirror = "10.77.5.1";
  static constexpr sim::Rate kLine{30'000'000};
  /// Bytes that nobody sends who was not fetched from.
  static constexpr std::uint64_t kShare = 256 << 10;

  /// nginx with a copy of the publisher's releases, behind a line of its own.
  void start_mirror() {
    (void)must(world().network().add_host("mirror", kMirror, kLine));
    const std::string own_folder = folder() + "/mirror";
    fs::create_directories(own_folder + "/www");
    fs::copy(world().publisher_store() + "/releases", own_folder + "/www/release",
             fs::copy_options::recursive);
    std::ofstream(own_folder + "/conf")
        << "daemon off; master_process off; pid " << own_folder << "/pid;\n"
        << "error_log stderr notice;\nevents {}\nhttp { access_log off;\nclient_body_temp_path "
        << own_folder << "/a; proxy_temp_path " << own_folder << "/b; fastcgi_temp_path "
        << own_folder << "/c; uwsgi_temp_path " << own_folder << "/d; scgi_temp_path " << own_folder
        << "/e;\nserver { listen " << kMirror << ":80; root " << own_folder << "/www; } }\n";
    mirror_ = start("mirror", {"/usr/sbin/nginx", "-p", own_folder, "-c", own_folder + "/conf",
                               "-e", "stderr"});
    must(mirror_->wait_for_line("using the .* event method", seconds(10)));
  }
  std::uint64_t sent_by(const std::string& host) {
// Of the reader's own network namespace, which /sys is not.
    return std::stoull(
        run(host, {"awk", "$1 == \"eth0:\" { print $10 }", "/proc/net/dev"}).output);
  }
  std::string document() {
    return run("client", {"curl", "-sSf",
                          std::string("http://") + kProvider + ":8080/stable/x86_64/release.meta4"})
        .output;
  }
  std::unique_ptr<sim::Process> mirror_;
};

TEST_F(MetalinkClients, Aria2FetchesFromThreeAtOnceAndOutlivesOne) {
  start_mirror();
  serve({"--mirror", std::string("http://") + kMirror});
  must(world().start_follower(kit().public_key, kLine));
  must(world().await_followers(1));
  // The follower told its HTTP port when it fetched; the document names it at the next look.
  const std::string follower = "http://" + world().provider_address(0) + ":8080/release/";
  const auto deadline = std::chrono::steady_clock::now() + minutes(1);
  while (document().find(follower) == std::string::npos)
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << document();
  const std::uint64_t mirror_before = sent_by("mirror"), node_before = sent_by("provider1"),
                      publisher_before = sent_by("publisher");

  fs::create_directories(own("aria2"));
  std::string command = page("sh metalink");
  // Slow enough that there is a middle.
  command.replace(0, 6, "exec aria2c --max-overall-download-limit=3M");
  auto aria2 =
      start("client", {"sh", "-c", "cd " + own("aria2") + "; " + command}, {"HOME=" + own("")});
  while (sent_by("provider1") < node_before + kShare) {
    ASSERT_TRUE(aria2->running()) << "it ended; the second provider sent "
                                  << sent_by("provider1") - node_before << ", the first "
                                  << sent_by("publisher") - publisher_before << ", the mirror "
                                  << sent_by("mirror") - mirror_before << " bytes\n"
                                  << aria2->last_lines(60) << document().substr(0, 3000);
  }
  world().provider(0).signal(SIGKILL);
  EXPECT_TRUE(aria2->running()) << "it was done before one provider died";
  const auto end = must(aria2->wait(minutes(1)));

  EXPECT_TRUE(end.success()) << end.text() << aria2->last_lines(60);
  expect_release_in(own("aria2") + "/" + release_name());
  EXPECT_GT(sent_by("mirror"), mirror_before + kShare);
  EXPECT_GT(sent_by("publisher"), publisher_before + kShare);
}

TEST_F(MetalinkClients, Aria2TakesAnotherWhereOneServesOtherBytes) {
  start_mirror();
  serve({"--mirror", std::string("http://") + kMirror});
  const std::string altered = folder() + "/mirror/www/release/" + release_name() + "/initramfs";
  auto bytes = initramfs(kReleaseBytes);
  for (std::size_t i = 1000; i < bytes.size(); i += 50'000) bytes[i] ^= 1;
  write(altered, bytes);

  fs::create_directories(own("aria2"));
  const Ended ended = run_page("sh metalink", own("aria2"));

  // Whatever it says of the download as a whole, no wrong byte is left in a file that it calls
  // done.
  const auto got = digest_file(own("aria2") + "/" + release_name() + "/initramfs");
  const bool right =
      got.ok() && got->sha256 == must(digest_file(release_folder() + "/initramfs")).sha256;
  EXPECT_EQ(ended.code == 0, right) << ended.output;
  EXPECT_TRUE(right) << ended.output;
  EXPECT_GT(sent_by("mirror"), kShare) << "nothing altered was delivered";
}

}  // namespace
}  // namespace phase::node::test
