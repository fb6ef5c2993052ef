#include "clients_fixture.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace phase::node::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

void Clients::SetUp() {
  Nodes::SetUp();
  (void)must(world().network().add_host("client", kClient));
  fs::create_directories(own(""));
  (void)publish();
}

void Clients::serve(const std::vector<std::string>& more) {
  auto argv = with_bootstrap({"plasmd", "serve", "-a", world().publisher_store()});
  argv.insert(argv.end(), more.begin(), more.end());
  provider_ = must(shell().start("publisher", argv));
  const auto line = must(provider_->wait_for_line("^serving .*name=(\\S+)", minutes(1)));
  release_name_ = line.groups.at(1);
  must(provider_->wait_for_line("^pointer stored .* nodes=[1-9]", minutes(1)));
}

void Clients::end_provider() {
  must(provider_->stop(seconds(30)));
  provider_.reset();
}

std::string Clients::release_folder() const {
  return folder() + "/publisher/releases/" + release_name_;
}

void Clients::expect_release_in(const std::string& copy) const {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(release_folder())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const auto name = fs::relative(entry.path(), release_folder()).string();
    const auto theirs = digest_file(copy + "/" + name);
    ASSERT_TRUE(theirs.ok()) << theirs.error().detail;
    EXPECT_EQ(theirs->sha256, must(digest_file(entry.path().string())).sha256) << name;
  }
  EXPECT_GE(files, 5U) << "manifest, kernel, initramfs, checksums and their signature";
}

void Clients::expect_fetched_from(const std::string& host) {
  const auto report = fetch();
  ASSERT_EQ(report["exit"], 0) << report.dump(2);
  std::uint64_t bytes = 0;
  for (const auto& source : report["sources"]) {
    const std::uint64_t from_it = source["bytes"];
    if (from_it == 0) continue;
    EXPECT_EQ(source["peer"].get<std::string>().substr(0, host.size() + 1), host + ":")
        << report.dump(2);
    bytes += from_it;
  }
  EXPECT_GE(bytes, kReleaseBytes);
}

std::unique_ptr<sim::Process> Clients::listen_for_word(const std::string& path) {
  if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("mkfifo " + path);
  return start("router", {"cat", path});
}

std::unique_ptr<sim::Process> Clients::start(const std::string& netns,
                                             std::vector<std::string> argv,
                                             std::vector<std::string> environment) {
  sim::ProcessOptions options;
  options.log_file =
      folder() + "/logs/" + netns + "-" + fs::path(argv.front()).filename().string() + ".log";
  options.netns = netns;
  options.argv = std::move(argv);
  options.environment = std::move(environment);
  return must(sim::Process::start(std::move(options)));
}

std::string Clients::page(const std::string& opening) {
  const std::string page = text_of(PHASE_SOURCE_DIR "/docs/CLIENTS.md");
  const std::string fence = "```" + opening + "\n";
  const auto at = page.find(fence);
  if (at == std::string::npos) throw std::runtime_error("docs/CLIENTS.md has no block " + opening);
  const auto begin = at + fence.size();
  std::string block = page.substr(begin, page.find("```", begin) - begin);
  const std::string example = "192.0.2.1";
  for (auto i = block.find(example); i != std::string::npos; i = block.find(example, i)) {
    block.replace(i, example.size(), kProvider);
  }
  return block;
}

Clients::Ended Clients::run_page(const std::string& opening, const std::string& where) {
  return run("client", {"sh", "-e", "-c", "cd " + where + "\n" + page(opening)});
}

}  // namespace phase::node::test
