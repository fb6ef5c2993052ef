// Goal: sockets follow the host's addresses, and nothing happens where none is there for a while.
// Method: addresses and time made by hand.
#include "dht/address_watch.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

const Endpoint kOld = *parse_endpoint("10.77.3.1:6881");
const Endpoint kNew = *parse_endpoint("10.77.3.9:6881");
const Endpoint kLoopback = *parse_endpoint("127.0.0.1:6881");

class AddressWatchTest : public testing::Test {
 protected:
  std::optional<std::vector<Endpoint>> look(std::vector<Endpoint> there) {
    there_ = std::move(there);
    now_ += AddressWatch::kLook;
    return watch_.tick(now_);
  }

  std::vector<Endpoint> there_;
  MonoTime now_{std::chrono::seconds(1000)};
  AddressWatch watch_{{kOld}, [this] { return there_; }};
};

TEST_F(AddressWatchTest, TakesAListThatTwoLooksHaveSeen) {
  EXPECT_FALSE(look({kOld}));
  EXPECT_FALSE(look({kNew, kOld}));
  EXPECT_FALSE(look({kNew}));
  EXPECT_EQ(look({kNew}), std::vector{kNew});
  EXPECT_FALSE(look({kNew}));
}

TEST_F(AddressWatchTest, LooksNowAndThenOnly) {
  EXPECT_FALSE(look({kNew}));
  EXPECT_FALSE(watch_.tick(now_)) << "at the same time";
  EXPECT_EQ(watch_.next_tick(), now_ + AddressWatch::kLook);
}

TEST_F(AddressWatchTest, WaitsForANewAddressWhereTheOldOneHasGone) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(look({}));
    EXPECT_FALSE(look({kLoopback}));
  }
  EXPECT_FALSE(look({kOld})) << "it came back";
  EXPECT_FALSE(look({kOld}));
  EXPECT_FALSE(look({kNew}));
  EXPECT_EQ(look({kNew}), std::vector{kNew});
}

TEST_F(AddressWatchTest, TriesAnAddressThatIsNotUsableYetAgainButNotForEver) {
  EXPECT_FALSE(look({kNew}));
  int tried = 0;
  for (int i = 0; i < 3 * AddressWatch::kMaxTries; ++i) {
    if (!look({kNew})) continue;
    ++tried;
    watch_.failed(kNew);
  }
  EXPECT_EQ(tried, AddressWatch::kMaxTries + 1);
}

}  // namespace
}  // namespace phase::dht
