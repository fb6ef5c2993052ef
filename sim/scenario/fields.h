// sim/scenario/fields.h
// The values of one table of a scenario file, each read as what it has to be. The first problem of
// a file is kept in a Problem that all of its tables share; what is read after it is not used.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario.h"
#include "sim/scenario/toml_tables.h"

namespace phase::sim {

class Problem {
 public:
  void at(std::uint32_t line, const std::string& rule) {
    if (!first_) first_ = at_line(line, rule);
  }
  [[nodiscard]] const std::optional<Error>& first() const { return first_; }

 private:
  std::optional<Error> first_;
};

class Fields {
 public:
  /// `what` names the table in messages: "[[host]]". Keys but those of `known` are a problem.
  Fields(const TomlTable& table, std::string what, std::initializer_list<std::string_view> known,
         Problem& problem);

  [[nodiscard]] bool has(std::string_view key) const { return table_.find(key) != nullptr; }
  /// Of the key; of the table where it is not there.
  [[nodiscard]] std::uint32_t line(std::string_view key) const;
  void refuse(std::string_view key, const std::string& rule) const;
  /// A key that only some of these tables may have.
  void only_where(bool allowed, std::string_view key, const std::string& rule) const;
  void need(std::string_view key) const;

  /// Absent: what is given as `otherwise`.
  [[nodiscard]] std::string text(std::string_view key, std::size_t most) const;
  [[nodiscard]] std::string name(std::string_view key, std::size_t most) const;
  [[nodiscard]] bool flag(std::string_view key, bool otherwise) const;
  [[nodiscard]] std::uint64_t number(std::string_view key, std::uint64_t least, std::uint64_t most,
                                     std::uint64_t otherwise) const;
  [[nodiscard]] double real(std::string_view key, double most, double otherwise) const;
  [[nodiscard]] double share(std::string_view key, double otherwise) const;
  [[nodiscard]] std::chrono::microseconds duration(std::string_view key,
                                                   std::chrono::microseconds most) const;
  [[nodiscard]] std::chrono::milliseconds whole_ms(std::string_view key,
                                                   std::chrono::milliseconds most) const;
  [[nodiscard]] Rate rate(std::string_view key) const;
  [[nodiscard]] std::uint64_t size(std::string_view key, std::uint64_t least, std::uint64_t most,
                                   std::uint64_t otherwise) const;
  /// A text or a list of texts.
  [[nodiscard]] std::vector<std::string> names(std::string_view key) const;
  [[nodiscard]] std::vector<std::vector<std::string>> name_lists(std::string_view key) const;
  /// Index of the word among `words`; `otherwise` where the key is absent or the word unknown.
  [[nodiscard]] std::size_t word(std::string_view key, std::span<const std::string_view> words,
                                 std::size_t otherwise) const;

 private:
  template <class T>
  [[nodiscard]] const T* get(std::string_view key, const char* expected) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key, const TomlValue& value) const;

  const TomlTable& table_;
  std::string what_;
  Problem& problem_;
};

/// The tables of `key`'s list: `[[host]]`. A problem where it is anything else.
[[nodiscard]] std::vector<const TomlTable*> tables_of(const TomlTable& top, std::string_view key,
                                                      std::size_t most, Problem& problem);

/// "a, b or c".
[[nodiscard]] std::string listed(std::span<const std::string_view> words);

}  // namespace phase::sim
