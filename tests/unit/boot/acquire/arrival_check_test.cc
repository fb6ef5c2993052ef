// Goal: pieces that arrive in any order are accepted exactly where every byte is the signed one.
// Method: files of every shape that BEP 52 treats differently (shorter than a block, than a piece,
// whole pieces, a short last piece), their roots from the streaming reader of proto/, one byte
// altered at a time.
#include "boot/arrival_check.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>

#include "proto/hash.h"

namespace phase::boot {
namespace {

constexpr std::uint32_t kPiece = 65536;
constexpr std::size_t kBlock = 16384;
constexpr std::chrono::seconds kLongest{30};

class ArrivalCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = (std::filesystem::temp_directory_path() / "phase-arrival-XXXXXX").string();
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    folder_ = path;
    info_.piece_length = kPiece;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void add(const std::string& name, std::size_t size, bool is_signed = true) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    std::ofstream(folder_ + "/" + name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(size));
    PiecesRootStream root;
    root.update(bytes);
    const Sha256 pieces_root = root.finish();
    info_.files.push_back({name, size, pieces_root});
    pieces_ += (size + kPiece - 1) / kPiece;
    if (is_signed) {
      manifest_.artifacts.push_back({Role::kKernel, name, size, sha256(bytes), pieces_root, ""});
    }
  }

  void alter(const std::string& name, std::uint64_t at) const {
    std::fstream file(folder_ + "/" + name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 1));
  }

  /// All pieces arrive, one by one in an order by chance, half of them told of twice.
  Result<void> check_all() {
    std::mutex mutex;
    std::condition_variable changed;
    bool woken = false;
    ArrivalCheck arrivals(folder_, info_, manifest_, [&] {
      const std::lock_guard lock(mutex);
      woken = true;
      changed.notify_one();
    });
    std::vector<std::size_t> order(pieces_);
    for (std::size_t i = 0; i < pieces_; ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random_);
    std::vector<bool> have(pieces_);
    for (std::size_t i = 0; i < pieces_; ++i) {
      EXPECT_FALSE(arrivals.poll().has_value() && arrivals.poll()->ok()) << "before the last piece";
      have[order[i]] = true;
      if (i % 2 == 0 || i + 1 == pieces_) arrivals.arrived(have);
    }
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, kLongest, [&] { return woken; }));
    const auto result = arrivals.poll();
    return result ? *result : Result<void>(ErrorCode::kTimeout, "no answer");
  }

  void expect_refused(ErrorCode code, const std::string& file) {
    const auto result = check_all();
    ASSERT_FALSE(result.ok()) << file;
    EXPECT_EQ(result.error().code, code);
    EXPECT_NE(result.error().detail.find(file), std::string::npos) << result.error().detail;
  }

  std::mt19937 random_{20261122};
  std::string folder_;
  dht::TorrentInfo info_;
  Manifest manifest_;
  std::size_t pieces_ = 0;
};

TEST_F(ArrivalCheckTest, AcceptsWhatWasSignedWhateverItsShape) {
  add("one-byte", 1);
  add("block", kBlock);
  add("blocks", 3 * kBlock + 7);
  add("piece", kPiece);
  add("piece-and-a-byte", kPiece + 1);
  add("pieces", 4 * kPiece);
  add("seven-pieces", 6 * kPiece + 2 * kBlock + 100);
  EXPECT_TRUE(check_all().ok()) << check_all().error().detail;
}

TEST_F(ArrivalCheckTest, RefusesOneAlteredBitWhereverItIs) {
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{kBlock}, std::uint64_t{2 * kPiece},
                                 std::uint64_t{5} * kPiece + 99}) {
    TearDown();
    SetUp();
    info_.files.clear();
    manifest_ = {};
    pieces_ = 0;
    add("first", 2 * kPiece + 5);
    add("second", 5 * kPiece + 100);
    alter("second", at);
    expect_refused(ErrorCode::kAltered, "/second");
  }
}

TEST_F(ArrivalCheckTest, LeavesFilesAloneThatNobodySigned) {
  add("SHA256SUMS", 200, false);
  add("kernel", 3 * kPiece);
  alter("SHA256SUMS", 3);
  EXPECT_TRUE(check_all().ok());
}

TEST_F(ArrivalCheckTest, RefusesAFileThatEndsEarly) {
  add("kernel", 3 * kPiece);
  std::filesystem::resize_file(folder_ + "/kernel", 3 * kPiece - 1);
  expect_refused(ErrorCode::kSmallerThanSigned, "/kernel");
}

TEST_F(ArrivalCheckTest, RefusesAFileThatIsMissingOrASymbolicLink) {
  add("kernel", kPiece);
  std::filesystem::rename(folder_ + "/kernel", folder_ + "/other");
  expect_refused(ErrorCode::kStore, "/kernel");
  std::filesystem::create_symlink("other", folder_ + "/kernel");
  expect_refused(ErrorCode::kStore, "/kernel");
}

TEST_F(ArrivalCheckTest, EndsAtOnceWhenNobodyWaitsAnyMore) {
  add("kernel", 9 * kPiece);
  const ArrivalCheck arrivals(folder_, info_, manifest_, [] { FAIL() << "nothing arrived"; });
  EXPECT_FALSE(arrivals.poll().has_value());
}

}  // namespace
}  // namespace phase::boot
