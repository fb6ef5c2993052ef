// Goal: every byte of an answer arrives once and in order, however little the socket takes at a time.
// Method: a pair of real sockets; files and memory as in a catalogue.
#include "node/http_sender.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "proto/fd.h"
#include "release_fixture.h"

namespace phase::node::test {
namespace {

using State = HttpSender::State;
constexpr std::uint64_t kAll = 1 << 30;

class HttpSenderTest : public ::testing::Test {
 protected:
  HttpSenderTest() {
    std::array<int, 2> pair{};
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0, "a socket pair");
    ours_ = Fd(pair[0]);
    client_ = Fd(pair[1]);
    for (std::size_t i = 0; i < content_.size(); ++i)
      content_[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
    write(path(), content_);
    check(catalogue_.add_file("/file", path(), {}).ok(), "a file");
    check(catalogue_.add_bytes("/memory", content_, "text/plain"), "an entry");
  }
  [[nodiscard]] std::string path() const { return folder_.path() + "/file"; }
  [[nodiscard]] HttpAnswer part(const char* name, std::uint64_t first, std::uint64_t length) const {
    HttpAnswer out{.status = 206, .keep_alive = true};
    out.head = "head\r\n\r\n";
    out.entry = catalogue_.find(name);
    out.first = first;
    out.length = length;
    return out;
  }
  std::string receive() const {
    std::string all;
    std::array<char, 65536> block{};
    for (ssize_t got = 0; (got = ::recv(client_.get(), block.data(), block.size(), 0)) > 0;)
      all.append(block.data(), static_cast<std::size_t>(got));
    return all;
  }
  /// What the client gets, and how often the sender had to wait for it.
  std::string deliver(std::uint64_t most, int& blocked) {
    std::string got;
    for (;;) {
      const auto state = sender_.send(ours_.get(), most);
      got += receive();
      if (state == State::kBlocked) ++blocked;
      else if (state != State::kPaused) return state == State::kDone ? got : "broken";
    }
  }

  TempFolder folder_;
  Bytes content_ = Bytes(3'000'000);
  Catalogue catalogue_;
  Fd ours_, client_;
  HttpSender sender_;
};

TEST_F(HttpSenderTest, DeliversFilesAndMemoryThroughANarrowSocket) {
  for (const char* name : {"/file", "/memory"}) {
    int blocked = 0;
    sender_.begin(part(name, 1'000, 2'500'000));
    const auto got = deliver(kAll, blocked);
    EXPECT_EQ(got, "head\r\n\r\n" + std::string(as_text(ByteView(content_).subspan(1'000, 2'500'000))))
        << name;
    EXPECT_GT(blocked, 0) << name << ": the socket took all at once";
    EXPECT_EQ(sender_.take_sent(), 2'500'008u) << name;
    EXPECT_FALSE(sender_.busy());
  }
}

TEST_F(HttpSenderTest, LetsOthersHaveTheirTurn) {
  sender_.begin(part("/file", 0, 10'000));
  EXPECT_EQ(sender_.send(ours_.get(), 4'000), State::kPaused);
  EXPECT_LE(sender_.take_sent(), 4'008u);
  int blocked = 0;
  const auto rest = deliver(1'000, blocked);
  EXPECT_TRUE(rest.ends_with(as_text(ByteView(content_).subspan(9'000, 1'000))));
}

TEST_F(HttpSenderTest, SaysThatAFileBecameShorter) {
  ASSERT_EQ(::truncate(path().c_str(), 500), 0);
  sender_.begin(part("/file", 0, 1'000));
  EXPECT_EQ(sender_.send(ours_.get(), kAll), State::kShort);
  EXPECT_EQ(receive().size(), 508u);
}

TEST_F(HttpSenderTest, SaysThatTheClientLeft) {
  client_.reset();
  sender_.begin(part("/memory", 0, 1'000));
  EXPECT_EQ(sender_.send(ours_.get(), kAll), State::kGone);
}

TEST_F(HttpSenderTest, LetsGoOfTheFileOnceItIsSent) {
  std::weak_ptr<const CatalogueEntry> watched = catalogue_.find("/file");
  sender_.begin(part("/file", 0, 100));
  catalogue_ = {};
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(sender_.send(ours_.get(), kAll), State::kDone);
  EXPECT_TRUE(watched.expired());
  EXPECT_TRUE(sender_.keep_alive());
}

}  // namespace
}  // namespace phase::node::test
