// Goal: what an older release on disk still has does not come over the network, and what was
// altered there comes as if it had not been. Method: real sessions on loopback, real files; the
// bytes that the other session gave are counted.
#include "boot/reuse.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "dht/torrent.h"
#include "tests/unit/boot/cache/support.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kPieces = 40;
/// Session::want() may be too late for what a peer was asked for in the same moment.
constexpr std::size_t kAskedBefore = 2 * kPiece;
constexpr std::size_t kImage = kPieces * kPiece + 12'345;

class ReuseTest : public testing::Test {
 protected:
  struct Made {
    std::string folder;
    dht::MadeTorrent torrent;
  };
  /// An image whose pieces all differ, and a small file before and behind it.
  static Bytes image() {
    Bytes out(kImage);
    std::uint32_t x = 88172645;
    for (auto& byte : out) {
      x ^= x << 13;
      x ^= x >> 17;
      x ^= x << 5;
      byte = static_cast<std::uint8_t>(x);
    }
    return out;
  }
  Made make(const std::string& name, const Bytes& image, const std::string& note) {
    Made made;
    made.folder = folder_ / ("made/" + name);
    std::filesystem::create_directories(made.folder);
    test::write_file(made.folder + "/SHA256SUMS", as_bytes(note));
    test::write_file(made.folder + "/initramfs", image);
    test::write_file(made.folder + "/manifest.dsse", as_bytes(note + note));
    auto torrent =
        dht::make_torrent(name, made.folder, {"SHA256SUMS", "initramfs", "manifest.dsse"});
    EXPECT_TRUE(torrent.ok());
    made.torrent = std::move(*torrent);
    return made;
  }
  static std::unique_ptr<dht::Session> open() {
    dht::SessionOptions options;
    options.listen = {*parse_address("127.0.0.1", 0)};
    options.network = dht::NetworkKind::kPrivate;
    options.enable_dht = false;
    auto session = dht::Session::open(options);
    EXPECT_TRUE(session.ok()) << session.error().detail;
    return std::move(*session);
  }

  struct Fetched {
    bool complete = false;
    std::uint64_t received = 0, reused = 0, planned = 0;
    Bytes torrent;
  };
  /// Fetches `release` from one peer, with what `older` has.
  Fetched fetch(const Made& release, const std::vector<OlderFile>& older) {
    const auto seeder = open();
    const auto fetcher = open();
    const auto seeded = seeder->seed(release.torrent.torrent, folder_ / "made");
    EXPECT_TRUE(seeded.ok()) << seeded.error().detail;
    const std::string into = folder_ / "into";
    std::filesystem::create_directories(into);
    // As from a pointer: the metadata comes from the peer, and no hash of BEP 52 with it.
    const auto id = fetcher->fetch(release.torrent.info.infohashes, into);
    EXPECT_TRUE(id.ok());
    fetcher->connect(*id, seeder->listening().front(), {.given = true});
    Reuse reuse(*fetcher, [&] { fetcher->wake(); });
    bool started = false;
    bool complete = false;
    const auto end = std::chrono::steady_clock::now() + seconds(60);
    while (!complete && std::chrono::steady_clock::now() < end) {
      (void)seeder->wait(milliseconds(0));
      for (const dht::Event& event : fetcher->wait(milliseconds(5))) {
        complete = complete || std::holds_alternative<dht::ReleaseCompleted>(event);
      }
      if (!started && fetcher->info(*id)) {
        started = true;
        const auto spared = reuse.plan(*id, older);
        EXPECT_TRUE(fetcher->want(*id, {"SHA256SUMS", "initramfs", "manifest.dsse"}, spared).ok());
        reuse.start();
      }
      reuse.tick(std::chrono::steady_clock::now());
    }
    reuse.tick(std::chrono::steady_clock::now());
    Fetched out;
    out.complete = complete;
    for (const auto& peer : fetcher->peers(*id)) out.received += peer.received;
    out.reused = reuse.reused();
    out.planned = reuse.planned();
    auto torrent = fetcher->torrent_file(*id);
    EXPECT_TRUE(torrent.ok()) << "its piece hashes are not known";
    if (torrent) out.torrent = std::move(*torrent);
    for (const char* file : {"SHA256SUMS", "initramfs", "manifest.dsse"}) {
      EXPECT_TRUE(test::read_file(into + "/" + release.torrent.info.name + "/" + file) ==
                  test::read_file(release.folder + "/" + file))
          << file << " differs";
    }
    return out;
  }

  test::TempFolder folder_;
};

TEST_F(ReuseTest, OnlyWhatChangedComesFromPeers) {
  const Made old = make("phase-a-x86_64-1-00000000", image(), "one");
  Bytes changed = image();
  for (std::size_t i = 0; i < 2 * kPiece; ++i) changed[10 * kPiece + i] ^= 0x55;
  const Made release = make("phase-a-x86_64-2-00000000", changed, "two");

  const Fetched got = fetch(release, older_files({old.folder, old.torrent.torrent}));

  ASSERT_TRUE(got.complete);
  EXPECT_EQ(got.reused, kImage - 2 * kPiece);
  EXPECT_EQ(got.planned, got.reused);
  EXPECT_LE(got.received, 4 * kPiece + kAskedBefore) << "two changed pieces and two small files";
  EXPECT_TRUE(got.torrent == release.torrent.torrent);
}

TEST_F(ReuseTest, APieceThatWasAlteredOnDiskCostsItselfAlone) {
  const Made old = make("phase-a-x86_64-1-00000000", image(), "one");
  const Made release = make("phase-a-x86_64-2-00000000", image(), "two");
  {
    std::fstream file(old.folder + "/initramfs", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(7 * kPiece + 5);
    file.put('x');
    file.seekp(20 * kPiece);
    file.put('y');
  }

  const Fetched got = fetch(release, older_files({old.folder, old.torrent.torrent}));

  ASSERT_TRUE(got.complete);
  EXPECT_EQ(got.planned, kImage);
  EXPECT_EQ(got.reused, kImage - 2 * kPiece);
  EXPECT_LE(got.received, 4 * kPiece + kAskedBefore);
}

TEST_F(ReuseTest, AWholeReleaseOfUnchangedFilesNeedsNoPeer) {
  const Made old = make("phase-a-x86_64-1-00000000", image(), "one");
  const Made release = make("phase-b-x86_64-1-00000000", image(), "one");

  const Fetched got = fetch(release, older_files({old.folder, old.torrent.torrent}));

  ASSERT_TRUE(got.complete);
  EXPECT_LE(got.received, kAskedBefore);
  EXPECT_TRUE(got.torrent == release.torrent.torrent);
}

TEST_F(ReuseTest, FilesWhosePiecesNobodyKnowsAreGuessedByTheirNames) {
  const Made old = make("phase-a-x86_64-1-00000000", image(), "one");
  Bytes changed = image();
  changed[3 * kPiece] ^= 1;
  const Made release = make("phase-a-x86_64-2-00000000", changed, "two");

  const Fetched got = fetch(release, older_files({old.folder, {}}));

  ASSERT_TRUE(got.complete);
  EXPECT_EQ(got.reused, kImage - kPiece);
  EXPECT_LE(got.received, 3 * kPiece + kAskedBefore);
}

// Whoever can write to the disk can put other things there; none of them may be waited for.
TEST_F(ReuseTest, NeitherAPipeNorALinkNorNothingIsRead) {
  const Made old = make("phase-a-x86_64-1-00000000", image(), "one");
  const Made release = make("phase-a-x86_64-2-00000000", image(), "two");
  auto files = older_files({old.folder, old.torrent.torrent});
  std::filesystem::rename(old.folder + "/initramfs", old.folder + "/moved");
  ASSERT_EQ(::mkfifo((old.folder + "/initramfs").c_str(), 0600), 0);
  EXPECT_EQ(fetch(release, files).reused, 0u);

  std::filesystem::remove_all(folder_ / "into");
  std::filesystem::remove(old.folder + "/initramfs");
  std::filesystem::create_symlink(old.folder + "/moved", old.folder + "/initramfs");
  EXPECT_EQ(fetch(release, files).reused, 0u);

  std::filesystem::remove_all(folder_ / "into");
  std::filesystem::remove(old.folder + "/initramfs");
  EXPECT_EQ(fetch(release, files).reused, 0u);
}

}  // namespace
}  // namespace phase::boot
