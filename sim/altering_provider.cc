// sim/altering_provider.cc
// phase-altering-provider: a hostile provider. It announces a release and serves it with one file
// altered in every block, and counts the altered bytes that it sent, so that a test in which it
// harmed nobody can fail.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "sim/guarded_main.h"
#include "sim/stranger.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 16 * 1024;

/// Copies `from` with one byte changed in each block, so that no piece of it is good.
void write_altered(const fs::path& from, const fs::path& to) {
  std::ifstream in(from, std::ios::binary);
  std::ofstream out(to, std::ios::binary);
  std::vector<char> block(kBlock);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount() > 0) {
    const auto read = in.gcount();
    block[static_cast<std::size_t>(read) / 2] ^= 1;
    out.write(block.data(), read);
  }
  out.flush();
  if (!out || in.bad()) throw std::runtime_error(to.string() + ": cannot be written");
}

/// A folder with links to the release's files, and an altered copy in place of one.
class AlteredFolder {
 public:
  AlteredFolder(const StrangerTorrent& torrent, const fs::path& folder,
                const std::string& altered) {
    std::string pattern = (fs::temp_directory_path() / "phase-altered-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
    for (const auto& file : torrent.files) {
      const fs::path from = fs::absolute(folder / torrent.name / file);
      const fs::path to = path_ / torrent.name / file;
      fs::create_directories(to.parent_path());
      if (file == altered) {
        write_altered(from, to);
      } else {
        fs::create_symlink(from, to);
      }
    }
  }
  ~AlteredFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  AlteredFolder(const AlteredFolder&) = delete;
  AlteredFolder& operator=(const AlteredFolder&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

struct Options {
  std::string torrent, folder, listen, alter;
  std::vector<std::string> bootstrap;
};

/// Prints what was sent as it grows, and once more at the end.
void count_until_ended(Stranger& provider, const std::atomic<std::uint64_t>& sent,
                       const sigset_t& signals) {
  std::uint64_t printed = 0;
  for (int second = 1; !ended(signals, 1000); ++second) {
    if (second % 15 == 0) provider.announce();
    const std::uint64_t now = sent;
    if (now != printed) std::cout << "altered-bytes-sent " << now << std::endl;
    printed = now;
  }
  std::cout << "altered-bytes-sent " << sent << std::endl;
}

Result<void> run(const Options& options) {
  const auto at = parse_endpoints({options.listen});
  if (!at) return at.error();
  const auto bootstrap = parse_endpoints(options.bootstrap);
  if (!bootstrap) return bootstrap.error();
  const auto torrent = list_torrent(options.torrent);
  if (!torrent) return torrent.error();
  const auto& files = torrent->files;
  if (std::find(files.begin(), files.end(), options.alter) == files.end()) {
    return {ErrorCode::kNotFound, "the torrent holds no file named " + options.alter};
  }
  const sigset_t signals = block_end_signals();
  const AlteredFolder folder(*torrent, options.folder, options.alter);
  std::atomic<std::uint64_t> sent{0};
  auto provider = Stranger::open((*at)[0], *bootstrap);
  if (!provider) return provider.error();
  const auto count = [&](std::string_view file, std::uint64_t bytes) {
    if (file == options.alter) sent += bytes;
  };
  auto served = provider->serve_unchecked(options.torrent, folder.path(), count);
  if (!served) return served;
  while (provider->known_nodes() == 0) {
    for (const auto& node : *bootstrap) provider->add_node(node);
    if (ended(signals, 200)) return {};
  }
  provider->announce();
  std::cout << "announced" << std::endl;
  count_until_ended(*provider, sent, signals);
  return {};
}

}  // namespace
}  // namespace phase::sim

namespace {

int start(int argc, char** argv) {
  CLI::App app("A hostile provider: serves a release with one file altered in every block");
  phase::sim::Options options;
  app.add_option("--torrent", options.torrent, "the release's .torrent file")->required();
  app.add_option("--folder", options.folder, "holds <torrent name>/")->required();
  app.add_option("--listen", options.listen, "ADDRESS:PORT")->required();
  app.add_option("--bootstrap", options.bootstrap, "ADDRESS:PORT of a DHT node")->required();
  app.add_option("--alter", options.alter, "the file to alter, e.g. kernel")->required();
  CLI11_PARSE(app, argc, argv);
  const phase::Result<void> outcome = phase::sim::run(options);
  if (outcome) return 0;
  std::cerr << "phase-altering-provider: " << outcome.error().detail << "\n";
  return phase::exit_code(outcome.error().code);
}

}  // namespace

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, start); }
