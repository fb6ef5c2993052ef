// Goal: /boot.ipxe starts the channel `client` and never a release; a command line that iPXE would
// read as its own language gets into no script.
#include "node/boot_script.h"

#include <gmock/gmock.h>

#include "release_fixture.h"

namespace phase::node::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class BootScript : public ::testing::Test {
 protected:
  BootScript() : publisher_(folder_.path()), store_(open_store(folder_.path() + "/store")) {}
  StoredRelease make(const std::string& channel, const std::string& command_line) {
    auto options = publisher_.options();
    options.channel = channel;
    options.cmdline = command_line;
    auto made = publish(*store_, publisher_.clock, options);
    EXPECT_TRUE(made) << made.error().detail;
    return *made;
  }
  TempFolder folder_;
  Publisher publisher_;
  std::unique_ptr<Store> store_;
};

TEST_F(BootScript, StartsTheClientByThePathsThatNeverChange) {
  const auto release = make("stable", "quiet");
  const auto client = make("client", "console=ttyS0 phase.channel=stable");
  const auto script = boot_script(store_->releases(), nullptr);
  ASSERT_TRUE(script);
  EXPECT_EQ(script->rfind("#!ipxe\n", 0), 0U);
  EXPECT_THAT(*script, HasSubstr("kernel /release/" + client.name +
                                 "/kernel initrd=initramfs BOOTIF=01-${netX/mac:hexhyp} "
                                 "console=ttyS0 phase.channel=stable || goto failed\n"));
  EXPECT_THAT(*script,
              HasSubstr("initrd --name initramfs /release/" + client.name + "/initramfs "));
  EXPECT_THAT(*script, HasSubstr("\n:i386\n:x86_64\n"));
  EXPECT_THAT(*script, Not(HasSubstr(release.name)));
  EXPECT_THAT(*script, Not(HasSubstr(":arm64"))) << "there is no client for it";
}

TEST_F(BootScript, IsThereOnlyWhereTheNodeHoldsAClient) {
  (void)make("stable", "quiet");
  Catalogue catalogue = build_catalogue(store_->releases(), nullptr);
  add_boot_script(catalogue, store_->releases(), nullptr);
  EXPECT_FALSE(catalogue.find("/boot.ipxe"));
  (void)make("client", "");
  add_boot_script(catalogue, store_->releases(), nullptr);
  EXPECT_TRUE(catalogue.find("/boot.ipxe"));
  EXPECT_TRUE(catalogue.find("/ipxe"));
}

TEST_F(BootScript, LeavesOutWhatIpxeWouldChange) {
  (void)make("client", "a=${net0/ip} b");
  std::vector<std::string> left_out;
  EXPECT_FALSE(boot_script(store_->releases(), &left_out));
  EXPECT_EQ(left_out.size(), 1U);
}

TEST(IpxeTakes, WordsOfAKernelAndNoneOfItsOwn) {
  EXPECT_TRUE(ipxe_takes(""));
  EXPECT_TRUE(ipxe_takes("console=ttyS0,115200 phase.append=\"a b\" x=a&&b y=#1 $z {}"));
  for (const char* bad :
       {"a && reboot", "a || b", "a # b", "x=${mac}", "a\nchain http://x/", "\xc3\xa4"})
    EXPECT_FALSE(ipxe_takes(bad)) << bad;
}

}  // namespace
}  // namespace phase::node::test
