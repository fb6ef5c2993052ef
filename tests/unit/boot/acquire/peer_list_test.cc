// Goal: what a provider names as peers is read for what it is, and costs little whatever it is.
#include "boot/peer_list.h"

#include <gmock/gmock.h>

#include <string>

namespace phase::boot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(PeerList, TakesOnePeerALine) {
  EXPECT_THAT(read_peer_list("192.0.2.1:6881\n[2001:db8::1]:51413\n"),
              ElementsAre(*parse_endpoint("192.0.2.1:6881"),
                          *parse_endpoint("[2001:db8::1]:51413")));
  EXPECT_THAT(read_peer_list("192.0.2.1:6881"), SizeIs(1)) << "the last line need not end";
}

TEST(PeerList, PassesOverWhatIsNoPeer) {
  EXPECT_THAT(read_peer_list("<html>\nprovider.example:80\n192.0.2.1\n192.0.2.1:0\n"
                             "192.0.2.1:65536\n192.0.2.1:1 \n\n\n192.0.2.2:1\r\n"),
              IsEmpty());
  EXPECT_THAT(read_peer_list("no\n192.0.2.1:1\nno\n192.0.2.1:1\n"), SizeIs(1)) << "named once";
  EXPECT_THAT(read_peer_list(""), IsEmpty());
}

TEST(PeerList, TakesNoMoreThanItMay) {
  std::string many;
  for (int i = 1; i < 2000; ++i) many += "192.0.2.1:" + std::to_string(i) + "\n";
  EXPECT_THAT(read_peer_list(many), SizeIs(kMaxNamedPeers));
}

}  // namespace
}  // namespace phase::boot
