// tests/unit/dht/ask_budget_test.cc
#include "dht/ask_budget.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonoTime kBegin{seconds(1000)};

Endpoint node(unsigned number) {
  Endpoint out;
  out.address = {10, 0, static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
  out.port = 6881;
  return out;
}

TEST(AskBudget, GivesEachNodeItsShareOfEveryWindow) {
  AskBudget budget;
  for (int i = 0; i < AskBudget::kPerNode; ++i) {
    EXPECT_TRUE(budget.spend(node(1), kBegin + i * milliseconds(10))) << i;
  }
  EXPECT_FALSE(budget.spend(node(1), kBegin + seconds(9)));
  EXPECT_TRUE(budget.spend(node(2), kBegin + seconds(9)));
  EXPECT_TRUE(budget.spend(node(1), kBegin + AskBudget::kWindow));
}

TEST(AskBudget, AsksNobodyNewWhereItCannotRememberMore) {
  AskBudget budget;
  for (unsigned i = 0; i < AskBudget::kMaxNodes; ++i) {
    ASSERT_TRUE(budget.spend(node(i), kBegin));
  }
  EXPECT_FALSE(budget.spend(node(AskBudget::kMaxNodes), kBegin + seconds(1)));
  EXPECT_TRUE(budget.spend(node(7), kBegin + seconds(1)));
  EXPECT_TRUE(budget.spend(node(AskBudget::kMaxNodes), kBegin + AskBudget::kWindow));
}

}  // namespace
}  // namespace phase::dht
