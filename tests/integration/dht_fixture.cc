// tests/integration/dht_fixture.cc
#include "dht_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace phase::dht {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool run_until(const std::vector<Node*>& nodes, milliseconds timeout,
               const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (std::chrono::steady_clock::now() < end) {
    for (Node* node : nodes) {
      auto events = node->session->wait(milliseconds(5));
      node->events.insert(node->events.end(), std::make_move_iterator(events.begin()),
                          std::make_move_iterator(events.end()));
      node->each();
    }
    if (done()) return true;
  }
  return false;
}

void DhtTest::SetUp() {
  std::string pattern = (fs::temp_directory_path() / "phase-dht-test-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  root_ = pattern;
}

void DhtTest::TearDown() {
  processes_.clear();
  fs::remove_all(root_);
}

Endpoint DhtTest::address(int host) {
  const auto pid = static_cast<unsigned>(::getpid());
  Endpoint out;
  out.address[0] = 127;
  out.address[1] = static_cast<std::uint8_t>(1 + (pid >> 8) % 254);
  out.address[2] = static_cast<std::uint8_t>(pid % 256);
  out.address[3] = static_cast<std::uint8_t>(host);
  out.port = 6881;
  return out;
}

Endpoint DhtTest::start_plain_nodes(int host) {
  const Endpoint first = address(host);
  sim::ProcessOptions options;
  options.argv = {PHASE_DHT_NODES, "--range", first.text() + "+" + std::to_string(kPlainNodes)};
  auto process = sim::Process::start(std::move(options));
  EXPECT_TRUE(process.ok()) << process.error().detail;
  if (!process) return first;
  const auto ready = (*process)->wait_for_line("^ready", seconds(30));
  EXPECT_TRUE(ready.ok()) << ready.error().detail;
  processes_.push_back(std::move(*process));
  return first;
}

Node DhtTest::open(int host, const Endpoint& bootstrap,
                   const std::function<void(SessionOptions&)>& change) {
  SessionOptions options;
  options.listen = {address(host)};
  options.network = NetworkKind::kPrivate;
  options.nodes = {bootstrap};
  change(options);
  auto session = Session::open(options);
  EXPECT_TRUE(session.ok()) << session.error().detail;
  Node node;
  if (session) node.session = std::move(*session);
  return node;
}

std::string DhtTest::folder(const std::string& name) {
  const auto path = fs::path(root_) / name;
  fs::create_directories(path);
  return path.string();
}

MadeTorrent DhtTest::make_release(const std::string& parent, const std::string& name,
                                  const std::vector<std::pair<std::string, std::size_t>>& files,
                                  unsigned rng_seed) {
  std::mt19937_64 random(rng_seed);
  std::vector<std::string> paths;
  for (const auto& [path, size] : files) {
    const auto target = fs::path(parent) / name / path;
    fs::create_directories(target.parent_path());
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    std::ofstream(target, std::ios::binary) << bytes;
    paths.push_back(path);
  }
  auto made = make_torrent(name, (fs::path(parent) / name).string(), paths);
  EXPECT_TRUE(made.ok()) << made.error().detail;
  return made ? std::move(*made) : MadeTorrent{};
}

std::string DhtTest::read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace phase::dht
