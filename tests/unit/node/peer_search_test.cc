// Goal: a node asks about each release that it serves in turn, keeps what is named for as long as
// the DHT would, and no more of it than it may. Method: a session without a DHT, whose answers the
// test gives.
#include "node/peer_search.h"

#include <gmock/gmock.h>

#include "sim/must.h"

namespace phase::node {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class PeerSearchTest : public ::testing::Test {
 protected:
  static dht::Infohashes release(std::uint8_t which) {
    dht::Infohashes out;
    out.v1.fill(which);
    out.v2.fill(which);
    return out;
  }
  static Endpoint peer(int number) {
    return *parse_endpoint("192.0.2." + std::to_string(number % 250) + ":" +
                           std::to_string(1000 + number));
  }
  static std::unique_ptr<dht::Session> open() {
    dht::SessionOptions options;
    options.listen = {*parse_endpoint("127.0.0.1:0")};
    options.enable_dht = false;
    return sim::must(dht::Session::open(options));
  }

  std::unique_ptr<dht::Session> session_ = open();
  PeerSearch search_{*session_};
  MonoTime now_ = MonoTime{} + std::chrono::hours(1);
};

TEST_F(PeerSearchTest, AsksAboutOneReleaseAfterTheOther) {
  const std::vector both = {release(1), release(2)};
  search_.tick(now_, both);
  search_.handle({1, {peer(1)}}, now_);
  search_.handle({2, {peer(9)}}, now_);  // Nobody asked.
  EXPECT_THAT(search_.peers(release(1).v1), ElementsAre(peer(1)));
  EXPECT_THAT(search_.peers(release(2).v1), IsEmpty());

  now_ += PeerSearch::kAskFor;
  search_.tick(now_, both);
  search_.handle({2, {peer(2)}}, now_);
  EXPECT_THAT(search_.peers(release(2).v1), ElementsAre(peer(2)));

  // Asked enough for now; later each again.
  now_ += PeerSearch::kAskFor;
  search_.tick(now_, both);
  search_.handle({3, {peer(3)}}, now_);
  EXPECT_THAT(search_.peers(release(1).v1), ElementsAre(peer(1)));
  now_ += PeerSearch::kAskAgain;
  search_.tick(now_, both);
  search_.handle({3, {peer(3)}}, now_);
  EXPECT_THAT(search_.peers(release(1).v1), ElementsAre(peer(1), peer(3)));
}

TEST_F(PeerSearchTest, ForgetsWhoIsNoLongerNamedAndWhatIsNoLongerServed) {
  search_.tick(now_, {release(1)});
  search_.handle({1, {peer(1)}}, now_);
  now_ += seconds(5);
  search_.handle({1, {peer(2)}}, now_);
  now_ += PeerSearch::kForget;
  search_.tick(now_, {release(1)});
  EXPECT_THAT(search_.peers(release(1).v1), ElementsAre(peer(2)));
  search_.tick(now_, {});
  EXPECT_THAT(search_.peers(release(1).v1), IsEmpty());
}

TEST_F(PeerSearchTest, KeepsNoMoreThanItMay) {
  search_.tick(now_, {release(1)});
  std::vector<Endpoint> flood;
  for (int i = 0; i < 5000; ++i) flood.push_back(peer(i));
  search_.handle({1, flood}, now_);
  EXPECT_THAT(search_.peers(release(1).v1), SizeIs(PeerSearch::kMaxPeers));
}

}  // namespace
}  // namespace phase::node
