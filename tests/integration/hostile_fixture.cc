#include "tests/integration/hostile_fixture.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "proto/cpio_writer.h"
#include "proto/pointer.h"

namespace phase::hostile_test {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;

constexpr const char* kFirstPort = "6881";

std::string slurp(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

Bytes random_initramfs(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Bytes content(size);
  for (auto& byte : content) byte = static_cast<std::uint8_t>(engine() >> 56);
  Bytes archive;
  CpioWriter writer(
      [&](ByteView bytes) { archive.insert(archive.end(), bytes.begin(), bytes.end()); }, 1);
  writer.file("init", content, 0755);
  writer.finish();
  return archive;
}

}  // namespace

std::string replay_command() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  return "PHASE_RNG_SEED=" + std::to_string(rng_seed()) + " phase-hostile-tests --gtest_filter=" +
         test->test_suite_name() + "." + test->name();
}

std::string Fetched::text() const {
  constexpr std::size_t kShown = 3000;
  const auto begin = log.size() > kShown ? log.size() - kShown : 0;
  return "exit " + std::to_string(exit) + " " + report.dump().substr(0, kShown) + "\n" +
         log.substr(begin) + "\nreplay: " + replay_command();
}

std::uint64_t delivered(const sim::Process& process, const std::string& kind) {
  const auto lines = process.lines_matching("^delivered [0-9]+ " + kind + "$");
  return lines.empty() ? 0 : std::stoull(lines.back().substr(10));
}

void HostileTest::SetUp() {
  fs::create_directories(folder() + "/logs");
  shell_ = std::make_unique<sim::Shell>(sim::own_folder(), folder() + "/logs", observer_);
  world_ = must(sim::World::create(*shell_, folder(), dht_nodes_));
  kit_.public_key = must(sim::make_key(*shell_, folder() + "/key"));
  kit_.secret_key = folder() + "/key/secret.key";
  node::test::write(folder() + "/kernel", node::test::x86_kernel());
}

std::uint64_t HostileTest::publish(const std::string& channel, std::size_t bytes,
                                   const std::vector<std::string>& more) {
  const std::string initramfs = folder() + "/initramfs";
  node::test::write(initramfs,
                    random_initramfs(bytes, rng_seed() + static_cast<unsigned>(++releases_)));
  std::vector<std::string> argv = {
      "plasmd", "publish", "-a", world_->publisher_store(), "--secret-key", kit_.secret_key,
      "--channel", channel, "--arch", sim::kArch, "--kernel", folder() + "/kernel",
      "--initramfs", initramfs, "--json"};
  argv.insert(argv.end(), more.begin(), more.end());
  const auto printed = nlohmann::json::parse(must(shell_->run("publisher", argv)));
  return printed.at("published").at(0).at("version").get<std::uint64_t>();
}

std::vector<ReleaseCopy> HostileTest::publish_older(const std::string& channel, std::size_t bytes,
                                                    int count,
                                                    const std::vector<std::string>& more) {
  std::vector<ReleaseCopy> out;
  for (int i = 0; i < count; ++i) {
    out.push_back(copy_release(channel, publish(channel, bytes, more)));
  }
  return out;
}

void HostileTest::start_publisher(const std::vector<std::string>& channels) {
  must(world_->start_publisher());
  for (const auto& channel : channels) {
    for (int salt = 0; salt < kPointerSalts; ++salt) {
      const std::string line =
          "^pointer stored salt=" + pointer_salt(channel, sim::kArch, salt) + " .* nodes=[1-9]";
      (void)must(world_->publisher()->wait_for_line(line, minutes(1)));
    }
  }
}

std::string HostileTest::release_folder(const std::string& channel, std::uint64_t version) const {
  const std::string prefix =
      "phase-" + channel + "-" + sim::kArch + "-" + std::to_string(version) + "-";
  for (const auto& entry : fs::directory_iterator(world_->publisher_store() + "/releases")) {
    if (entry.path().filename().string().starts_with(prefix)) return entry.path().string();
  }
  throw std::runtime_error("the store has no " + prefix);
}

std::string HostileTest::torrent_file(const std::string& channel, std::uint64_t version) const {
  return world_->publisher_store() + "/torrents/" +
         fs::path(release_folder(channel, version)).filename().string() + ".torrent";
}

std::string HostileTest::copy_items(const std::string& channel) {
  const std::string copy = folder() + "/items" + std::to_string(++fetches_);
  fs::copy_file(world_->publisher_store() + "/pointers/" + kit_.public_key + "/" + channel + "/" +
                    sim::kArch + ".items",
                copy);
  return copy;
}

ReleaseCopy HostileTest::copy_release(const std::string& channel, std::uint64_t version) {
  const fs::path release = release_folder(channel, version);
  const fs::path torrent = torrent_file(channel, version);
  ReleaseCopy out{version, copy_items(channel), folder() + "/" + torrent.filename().string(),
                  copied_releases() + "/" + release.filename().string()};
  fs::create_directories(copied_releases());
  fs::copy_file(torrent, out.torrent);
  fs::copy(release, out.folder, fs::copy_options::recursive);
  return out;
}

sim::Host HostileTest::add_host(sim::Rate rate) {
  const std::string number = std::to_string(++hosts_);
  return must(world_->network().add_host("h" + number, "10.77.6." + number, rate));
}

sim::Process& HostileTest::start_hostile(const sim::Host& host, std::vector<std::string> argv) {
  argv.insert(argv.end(), {"--rng-seed", std::to_string(rng_seed() % 1'000'000'007 +
                                                        hostile_.size())});
  auto process = must(shell_->start(host.name, argv));
  (void)must(process->wait_for_line("^ready$", minutes(1)));
  hostile_.push_back(std::move(process));
  return *hostile_.back();
}

sim::Process& HostileTest::start_peer(const sim::Host& host, const std::string& kind,
                                      const std::string& channel, std::uint64_t version,
                                      const ReleaseCopy* other, const std::string& spare,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> argv = {"phase-hostile-peer", "--kind", kind,
                                   "--torrent", torrent_file(channel, version),
                                   "--folder", release_folder(channel, version),
                                   "--listen", host.address + ":" + kFirstPort};
  for (const auto& node : world_->bootstrap()) argv.insert(argv.end(), {"--bootstrap", node});
  argv.insert(argv.end(), more.begin(), more.end());
  if (!spare.empty()) argv.insert(argv.end(), {"--spare", spare});
  if (other != nullptr) {
    argv.insert(argv.end(), {"--other-torrent", other->torrent, "--other-folder", other->folder});
  }
  return start_hostile(host, std::move(argv));
}

std::unique_ptr<sim::Process> HostileTest::start_follower(const sim::Host& host,
                                                          const std::string& channel) {
  std::vector<std::string> argv = {
      "plasmd", "serve", "-a", folder() + "/" + host.name, "--dht-port", kFirstPort, "--follow",
      kit_.public_key + "/" + channel + "/" + sim::kArch, "--admin", "none"};
  const auto more = bootstrap_options();
  argv.insert(argv.end(), more.begin(), more.end());
  return must(shell_->start(host.name, argv));
}

void HostileTest::await_follower(sim::Process& follower, std::uint64_t version) {
  const std::string number = std::to_string(version);
  (void)must(follower.wait_for_line("^serving .*version=" + number + "\\b", minutes(2)));
  (void)must(follower.wait_for_line("^announced name=phase-.*-" + number + "-", minutes(1)));
}

std::vector<std::string> HostileTest::bootstrap_options() const {
  std::vector<std::string> out = {"--no-lan"};
  for (const auto& node : world_->bootstrap()) out.insert(out.end(), {"--bootstrap", node});
  return out;
}

Fetching HostileTest::start_fetch(const sim::Host& from, const std::string& channel,
                                  const std::vector<std::string>& more) {
  const std::string out = folder() + "/fetched" + std::to_string(++fetches_);
  sim::ProcessOptions options;
  options.netns = from.name;
  options.log_file = out + ".json";
  options.argv = {"sh", "-c", "exec \"$0\" \"$@\" 2>" + out + ".log", sim::own_folder() + "/plasmd",
                  "fetch", "--trust", kit_.public_key, "--channel", channel, "--out", out,
                  "--json"};
  options.argv.insert(options.argv.end(), more.begin(), more.end());
  return {must(sim::Process::start(std::move(options))), out};
}

Fetched HostileTest::finish(Fetching fetching, seconds limit) {
  Fetched out;
  const auto status = fetching.process->wait(limit);
  fetching.process.reset();  // Ends it where it has not ended.
  if (status) out.exit = status->signal == 0 ? status->code : 128 + status->signal;
  out.log = slurp(fetching.out + ".log");
  out.report = nlohmann::json::parse(slurp(fetching.out + ".json"), nullptr, false);
  if (!out.report.is_object()) out.report = nlohmann::json::object();
  out.folder = out.report.value("folder", std::string());
  for (const auto& stage : out.report.value("stages", nlohmann::json::array())) {
    out.seconds += stage["seconds"].get<double>();
  }
  return out;
}

void HostileTest::expect_published(const Fetched& fetched, const std::string& channel,
                                   std::uint64_t version) const {
  expect_taken(fetched, version, release_folder(channel, version));
}

void HostileTest::expect_taken(const Fetched& fetched, std::uint64_t version,
                               const std::string& published) {
  ASSERT_EQ(fetched.exit, 0) << published << ": " << fetched.text();
  EXPECT_EQ(fetched.report.value("version", std::uint64_t{0}), version) << fetched.text();
  for (const char* file : {"manifest.dsse", "kernel", "initramfs"}) {
    EXPECT_TRUE(slurp(fetched.folder + "/" + file) == slurp(published + "/" + file))
        << published << ": " << file << " is not what was published; " << replay_command();
  }
}

void HostileTest::expect_refused(const Fetched& fetched, const std::vector<int>& statuses) const {
  EXPECT_THAT(statuses, testing::Contains(fetched.exit)) << fetched.text();
  EXPECT_FALSE(fetched.report.value("ok", true)) << fetched.text();
  EXPECT_EQ(fetched.folder, "") << fetched.text();
}

}  // namespace phase::hostile_test
