// Goal: a stranger's name cannot act on a terminal, and a conflict ends in another name that fits.
#include "dht/lan/instance_name.h"

#include <gtest/gtest.h>

#include <set>

namespace phase::dht::lan {
namespace {

TEST(InstanceName, IsPrintableWhateverItHolds) {
  EXPECT_EQ(printable_instance("Phase Boot 1a"), "Phase Boot 1a");
  EXPECT_EQ(printable_instance("\x1b[2J"), "\\027[2J");
  EXPECT_EQ(printable_instance("B\xC3\xBCro"), "B\\195\\188ro");
  EXPECT_EQ(printable_instance("a\\027"), "a\\092027");
  std::string all;
  std::set<std::string> forms;
  for (int byte = 0; byte < 256; ++byte) {
    forms.insert(printable_instance(std::string(1, static_cast<char>(byte))));
    all += static_cast<char>(byte);
  }
  EXPECT_EQ(forms.size(), 256U);
  for (const char c : printable_instance(all)) EXPECT_TRUE(c >= ' ' && c <= '~');
}

TEST(InstanceName, HasAnAlternativeThatFits) {
  EXPECT_EQ(alternative_instance("node"), "node #2");
  EXPECT_EQ(alternative_instance("node #2"), "node #3");
  EXPECT_EQ(alternative_instance("node #9"), "node #10");
  EXPECT_EQ(alternative_instance("node #x"), "node #x #2");
  EXPECT_EQ(alternative_instance("node #1"), "node #1 #2");
  EXPECT_EQ(alternative_instance(""), " #2");
  const std::string longest(63, 'n');
  EXPECT_EQ(alternative_instance(longest), std::string(60, 'n') + " #2");
  std::string name = longest;
  std::set<std::string> tried;
  for (int i = 0; i < 200; ++i) {
    name = alternative_instance(name);
    EXPECT_LE(name.size(), 63U);
    EXPECT_TRUE(tried.insert(name).second) << name;
  }
}

TEST(InstanceName, FifteenConflictsAreEnoughInARow) {
  EXPECT_EQ(pause_after_conflict(1).count(), 0);
  EXPECT_EQ(pause_after_conflict(14).count(), 0);
  EXPECT_EQ(pause_after_conflict(15).count(), 5);
}

}  // namespace
}  // namespace phase::dht::lan
