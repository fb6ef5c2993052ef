#include "proto/result.h"

#include <map>
#include <memory>
#include <set>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

std::vector<ErrorCode> every_code() {
  std::vector<ErrorCode> codes;
  for (int number = 0; number < 256; ++number) {
    const auto code = static_cast<ErrorCode>(number);
    if (std::string(error_name(code)) != "unknown") codes.push_back(code);
  }
  return codes;
}

std::string exit_code_table() {
  std::string table = "| status | name | what to do |\n|---|---|---|\n";
  table += "| 0 | ok | Nothing: it did what was asked. |\n";
  for (const ErrorCode code : every_code()) {
    table.append("| ").append(std::to_string(exit_code(code))).append(" | ");
    table.append(error_name(code)).append(" | ").append(error_advice(code)).append(" |\n");
  }
  return table;
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> value(7);
  EXPECT_TRUE(value.ok());
  EXPECT_EQ(*value, 7);
  const Result<int> error(ErrorCode::kMalformed, "cut off");
  EXPECT_FALSE(error);
  EXPECT_EQ(error.error().in("manifest").in("from 10.0.0.7").detail,
            "from 10.0.0.7: manifest: cut off");
  EXPECT_TRUE(Result<void>().ok());
  EXPECT_EQ(Result<void>(ErrorCode::kStore, "full").error().code, ErrorCode::kStore);
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> held(std::make_unique<int>(3));
  const std::unique_ptr<int> taken = *std::move(held);
  EXPECT_EQ(*taken, 3);
}

TEST(ResultDeathTest, EndsTheProgramWhereTheWrongHalfIsTaken) {
  Result<int> error(ErrorCode::kMalformed, "cut off");
  EXPECT_DEATH((void)*error, "broken invariant");
  const Result<void> fine;
  EXPECT_DEATH((void)fine.error(), "broken invariant");
}

TEST(ErrorCode, HasANameAndAdviceOfItsOwn) {
  const auto codes = every_code();
  EXPECT_EQ(codes.size(), 33u) << "a code came or went: is docs/EXIT-CODES.md up to date?";
  std::map<std::string, int> names;
  for (const ErrorCode code : codes) {
    EXPECT_TRUE(names.emplace(error_name(code), exit_code(code)).second) << error_name(code);
    EXPECT_GT(std::string(error_advice(code)).size(), 20u) << error_name(code);
    EXPECT_NE(exit_code(code), 0);
    // 126 and up mean something to shells.
    EXPECT_LT(exit_code(code), 126);
  }
}

TEST(ErrorCode, IsWhatTheDocumentSays) {
  const std::string page = test::read_file(PHASE_SOURCE_DIR "/docs/EXIT-CODES.md");
  EXPECT_NE(page.find(exit_code_table()), std::string::npos)
      << "docs/EXIT-CODES.md has another table than this:\n"
      << exit_code_table();
}

}  // namespace
}  // namespace phase
