// Goal: every program that is shipped is built so that a flaw in it is hard to use: position
// independent, all relocations done and read-only before main(), stack protector, checked libc
// calls, no executable stack, no library path of the build. Method: readelf on the programs
// themselves, because flags that somebody set prove nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "sim/command.h"
#include "sim/must.h"

namespace phase::sim {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

#ifndef __USE_FORTIFY_LEVEL
#error "libc says nothing of _FORTIFY_SOURCE"
#endif
static_assert(__USE_FORTIFY_LEVEL >= 2, "the flags of a release do not reach libc's headers");

class Shipped : public testing::TestWithParam<const char*> {
 protected:
  static std::string read(const std::vector<std::string>& options) {
    std::vector<std::string> argv{"readelf", "--wide"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.push_back(std::string(PHASE_PROGRAMS) + "/" + GetParam());
    return must(run_command(argv));
  }
  /// Names of functions that it takes from libraries.
  static std::set<std::string> imports() {
    static const std::regex kImport(" FUNC +\\w+ +\\w+ +UND +([A-Za-z0-9_]+)");
    const std::string symbols = read({"--dyn-syms"});
    std::set<std::string> names;
    for (std::sregex_iterator at(symbols.begin(), symbols.end(), kImport), end; at != end; ++at) {
      names.insert((*at)[1]);
    }
    return names;
  }
};

TEST_P(Shipped, IsPositionIndependent) {
  EXPECT_THAT(read({"--file-header"}), ContainsRegex("Type: +DYN"));
  EXPECT_THAT(read({"--dynamic"}), ContainsRegex("FLAGS_1.*PIE"));
}

TEST_P(Shipped, IsRelocatedBeforeItRunsAndReadOnlyThen) {
  EXPECT_THAT(read({"--program-headers"}), HasSubstr("GNU_RELRO"));
  EXPECT_THAT(read({"--dynamic"}), ContainsRegex("FLAGS_1.*NOW"));
  EXPECT_THAT(read({"--dynamic"}), Not(HasSubstr("TEXTREL")));
}

TEST_P(Shipped, HasNoExecutableStackAndNoSegmentToWriteAndRun) {
  const std::string headers = read({"--program-headers"});
  EXPECT_THAT(headers, ContainsRegex("GNU_STACK.* RW +0x"));
  EXPECT_THAT(headers, Not(ContainsRegex("LOAD.* RWE ")));
}

TEST_P(Shipped, LooksForLibrariesOnlyWhereTheSystemDoes) {
  EXPECT_THAT(read({"--dynamic"}), Not(ContainsRegex("RPATH|RUNPATH")));
}

TEST_P(Shipped, GuardsItsStack) {
  EXPECT_TRUE(imports().contains("__stack_chk_fail"));
}

// Calls whose bounds the compiler cannot prove go to libc's checked twins; an unchecked one of these
// would be one of ours. phase-dhcp-hook makes no call that has a twin: what it imports of them is
// libstdc++'s, which is linked into it.
TEST_P(Shipped, CallsLibcWithBoundsChecked) {
  if (std::string(GetParam()) == "phase-dhcp-hook") return;
  const auto names = imports();
  const auto checked = std::count_if(names.begin(), names.end(), [](const std::string& name) {
    return name.starts_with("__") && name.ends_with("_chk");
  });
  EXPECT_GE(checked, 1);
  for (const char* name : {"printf", "fprintf", "snprintf", "sprintf", "strcpy", "strcat"}) {
    EXPECT_FALSE(names.contains(name)) << name;
  }
}

TEST(Flags, OfEveryFileThatIsShippedHarden) {
  std::ifstream file(PHASE_BUILD_DIR "/compile_commands.json");
  const auto commands = nlohmann::json::parse(file);
  static const std::regex kShipped(PHASE_SOURCE_DIR "/(proto|dht|boot|node|initramfs)/.*");
  int seen = 0;
  for (const auto& one : commands) {
    if (!std::regex_match(one.at("file").get<std::string>(), kShipped)) continue;
    ++seen;
    const auto command = one.at("command").get<std::string>() + " ";
    for (const char* flag : {" -O2 ", " -D_FORTIFY_SOURCE=2 ", " -fstack-protector-strong ",
                             " -D_GLIBCXX_ASSERTIONS "}) {
      EXPECT_THAT(command, HasSubstr(flag));
    }
    EXPECT_THAT(command, ContainsRegex(" -fPI[EC] "));
  }
  EXPECT_GT(seen, 100);
}

INSTANTIATE_TEST_SUITE_P(Programs, Shipped,
                         testing::Values("plasmd", "phase-init", "phase-net", "phase-dhcp-hook",
                                         "phase-lan", "phase-lan-dbus", "phase-mkinitramfs"),
                         [](const auto& program) {
                           std::string name = program.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace phase::sim
