// Goal: the machine finds its users, its role and its trust where it looks for them.
#include "initramfs/system_files.h"

#include <gmock/gmock.h>

#include "boot/init/identities.h"
#include "boot/machine/dhcp.h"
#include "support.h"

namespace phase::initramfs {
namespace {

using namespace testing;  // NOLINT: the fixtures
using ::testing::HasSubstr;

const std::string kKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

std::string text_of(const Layout& layout, const std::string& path) {
  const auto found = layout.files().find(path);
  return found == layout.files().end() ? "" : std::string(as_text(found->second.content));
}

TEST(SystemFiles, HoldRoleUsersAndTrust) {
  const auto trust = load_trust(kKey);
  ASSERT_TRUE(trust.ok()) << trust.error().detail;
  Layout layout;
  ASSERT_TRUE(add_system_files(layout, InitRole::kNode, trust->policy).ok());
  EXPECT_EQ(text_of(layout, boot::kRoleFile), "node\n");
  const auto policy = parse_trust_file(text_of(layout, boot::kTrustFile));
  ASSERT_TRUE(policy.ok()) << policy.error().detail;
  EXPECT_EQ(policy->root, virtual_root(*parse_public_key(kKey)));
  for (const SystemUser& user : system_users()) {
    const std::string line = std::string(user.name) + ":x:" + std::to_string(user.id) + ":";
    EXPECT_THAT(text_of(layout, "/etc/passwd"), HasSubstr("\n" + line));
    EXPECT_THAT(text_of(layout, "/etc/group"), HasSubstr("\n" + line));
  }
}

// initramfs/ may not include boot/, so the numbers stand in both and are held together here.
TEST(SystemFiles, NameTheUsersThatPhaseInitStartsProcessesAs) {
  std::map<std::string, std::uint32_t> ids;
  for (const SystemUser& user : system_users()) ids.emplace(user.name, user.id);
  EXPECT_EQ(ids, (std::map<std::string, std::uint32_t>{{"phase-dhcp", boot::DhcpOptions{}.uid},
                                                       {"phase-net", boot::kNetworkChildUid},
                                                       {"phase-verify", boot::kVerifierUid},
                                                       {"phase-node", boot::kNodeUid},
                                                       {"phase-cache", boot::kCacheUid}}));
}

TEST(Trust, IsTakenFromAKeyAPubFileOrATrustFile) {
  const WorkDir folder = temporary_folder();
  const auto key = parse_public_key(kKey);
  ASSERT_TRUE(key.ok());
  write_text(folder.path() + "/key.pub", "untrusted comment: x\n" + key->minisign() + "\n");
  TrustPolicy policy = trust_single_key(*key);
  policy.locked = true;
  write_text(folder.path() + "/trust.toml", serialize_trust_file(policy));
  for (const std::string& given :
       {kKey, key->minisign(), folder.path() + "/key.pub", folder.path() + "/trust.toml"}) {
    const auto trust = load_trust(given);
    ASSERT_TRUE(trust.ok()) << trust.error().detail;
    EXPECT_EQ(trust->policy.root, virtual_root(*key));
    EXPECT_EQ(trust->mtime.has_value(), given.front() == '/') << given;
  }
  EXPECT_TRUE(load_trust(folder.path() + "/trust.toml")->policy.locked);
}

TEST(Trust, RefusesWhatIsNeitherKeyNorFile) {
  const WorkDir folder = temporary_folder();
  EXPECT_EQ(load_trust("nothing").error().code, ErrorCode::kConfig);
  write_text(folder.path() + "/bad", "surprise = 1\n");
  const auto bad = load_trust(folder.path() + "/bad");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::kConfig);
  EXPECT_THAT(bad.error().detail, HasSubstr("/bad"));
}

}  // namespace
}  // namespace phase::initramfs
