// Goal: phase-net does what PID 1 asks, or says what it did not understand.
#include "boot/init/net_options.h"

#include <gmock/gmock.h>

#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> needed() {
  return {"--trust", "/t", "--folder", "/f", "--channel", "stable", "--arch", "amd64"};
}

Result<NetOptions> with(const std::vector<std::string>& more) {
  auto arguments = needed();
  arguments.insert(arguments.end(), more.begin(), more.end());
  return parse_net_options(arguments);
}

TEST(NetOptions, TakesAll) {
  const auto options = with({"--min-version", "5", "--root-counter", "3", "--bootstrap", "a:1", "--bootstrap", "b:2",
                             "--provider", "http://x/", "--dht-network", "private",
                             "--now", "1800000000"});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->trust_file, "/t");
  EXPECT_EQ(options->arch, "x86_64");
  EXPECT_EQ(options->min_version, 5u);
  EXPECT_EQ(options->root_counter, 3u);
  EXPECT_EQ(options->now, WallTime{1'800'000'000});
  EXPECT_EQ(with({})->now, std::nullopt);
  EXPECT_THAT(options->bootstrap, ElementsAre("a:1", "b:2"));
  EXPECT_THAT(options->providers, ElementsAre("http://x/"));
  EXPECT_EQ(options->network, DhtNetwork::kPrivate);
}

TEST(NetOptions, NamesWhatIsWrong) {
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--channel", "UPPER"}, {"--arch", "vax"}, {"--min-version", "-1"},
        {"--min-version", "1x"}, {"--min-version", ""}, {"--root-counter", "-1"},
        {"--root-counter", ""},
        {"--now", "-1"}, {"--now", "1x"}, {"--now", ""}, {"--dht-network", "tor"},
        {"--what", "ever"}, {"--provider"}}) {
    const auto options = with(more);
    ASSERT_FALSE(options.ok());
    EXPECT_EQ(options.error().code, ErrorCode::kUsage);
    EXPECT_THAT(options.error().detail, HasSubstr(more[0]));
  }
}

TEST(NetOptions, NamesWhatIsMissing) {
  for (std::size_t i = 0; i < 8; i += 2) {
    auto arguments = needed();
    const std::string name = arguments[i];
    arguments.erase(arguments.begin() + static_cast<long>(i),
                    arguments.begin() + static_cast<long>(i) + 2);
    const auto options = parse_net_options(arguments);
    ASSERT_FALSE(options.ok());
    EXPECT_THAT(options.error().detail, HasSubstr(name));
  }
}

}  // namespace
}  // namespace phase::boot
