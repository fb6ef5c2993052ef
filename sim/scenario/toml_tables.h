// sim/scenario/toml_tables.h
// A TOML text as tables of values with the lines where they stand. Adapts toml++, which sees
// nothing that it does not survive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/result.h"

namespace phase::sim {

struct TomlMember;
struct TomlTable {
  std::uint32_t line = 0;
  std::vector<TomlMember> members;  ///< By key.
  [[nodiscard]] const TomlMember* find(std::string_view key) const;
};
struct TomlValue {
  std::uint32_t line = 0;
  /// Dates and times, which scenarios have none of, are monostate.
  std::variant<std::monostate, std::string, std::int64_t, double, bool, std::vector<TomlValue>,
               TomlTable>
      is;
};
struct TomlMember {
  std::string key;
  std::uint32_t line = 0;
  TomlValue value;
};

/// `toml` is untrusted: ASCII of at most `most_bytes`, tables at most four deep. kConfig names the
/// line ("line 7: ...").
[[nodiscard]] Result<TomlTable> parse_toml(std::string_view toml, std::size_t most_bytes);

[[nodiscard]] Error at_line(std::uint32_t line, const std::string& rule);

}  // namespace phase::sim
