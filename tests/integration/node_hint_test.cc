// Goal: a publisher names providers in the pointer (`plasmd publish --provider`), and whoever fetches
// asks them without a lookup. Method: real plasmd processes; the pointer is read from the store.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "node_fixture.h"
#include "proto/pointer.h"

namespace phase::node::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Hints : public Nodes {
 protected:
  static ProviderHint hint(const std::string& peer, std::uint16_t http) {
    return {*parse_endpoint(peer), http};
  }
  [[nodiscard]] std::vector<ProviderHint> in_pointer() {
    std::ifstream file(world().publisher_store() + "/pointers/" + kit().public_key +
                           "/stable/x86_64.items",
                       std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    const auto items =
        must(decode_items(as_bytes(text.str()), must(parse_public_key(kit().public_key))));
    return must(decode_pointer(items.front().value)).providers;
  }
  Ended renew(const std::string& lifetime, const std::vector<std::string>& more) {
    std::vector<std::string> argv{"plasmd",  "publish",   "-a",           world().publisher_store(),
                                  "--renew", "--expires", lifetime,       "--secret-key",
                                  kit().secret_key};
    argv.insert(argv.end(), more.begin(), more.end());
    return run("publisher", argv);
  }
};

TEST_F(Hints, AreInThePointerAndAskedFirst) {
  (void)publish({"--provider", "10.77.2.1:6881/8080", "--provider", "[2001:db8::1]:7000"});
  EXPECT_THAT(in_pointer(), ElementsAre(hint("10.77.2.1:6881", 8080), hint("[2001:db8::1]:7000", 0)));
  must(world().start_publisher());

  const Ended fetched =
      run("router", with_bootstrap({"plasmd", "fetch", "--trust", kit().public_key, "--out",
                                    folder() + "/fetched", "--timeout", "60"}));

  EXPECT_EQ(fetched.code, 0) << fetched.output;
  EXPECT_THAT(fetched.output, HasSubstr("provider: 10.77.2.1:6881 (pointer)"));
}

TEST_F(Hints, StayWithARenewalUnlessItNamesOthers) {
  (void)publish({"--provider", "10.77.2.1:6881/8080"});
  const Ended same = renew("2y", {});
  ASSERT_EQ(same.code, 0) << same.output;
  EXPECT_THAT(in_pointer(), ElementsAre(hint("10.77.2.1:6881", 8080)));

  const Ended other = renew("3y", {"--provider", "192.0.2.7:6881"});
  ASSERT_EQ(other.code, 0) << other.output;
  EXPECT_THAT(in_pointer(), ElementsAre(hint("192.0.2.7:6881", 0)));
}

TEST_F(Hints, ThatAreNoAddressesAreRefused) {
  for (const char* wrong : {"example.org:6881", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:6881/",
                            "192.0.2.1:6881/99999", "192.0.2.1:6881/80x", "2001:db8::1:7000"}) {
    const Ended ended = renew("2y", {"--provider", wrong});
    EXPECT_EQ(ended.code, exit_code(ErrorCode::kUsage)) << wrong << ": " << ended.output;
    EXPECT_THAT(ended.output, HasSubstr(wrong));
  }
}

}  // namespace
}  // namespace phase::node::test
