#include "proto/nearest.h"

#include <algorithm>
#include <array>
#include <vector>

namespace phase {
namespace {

constexpr std::size_t kMaxText = 64;

/// Optimal string alignment distance, three rows at a time.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view text,
                                             std::span<const std::string_view> known) {
  text = text.substr(0, kMaxText);
  std::optional<std::string_view> best;
  std::size_t fewest = 0;
  for (const std::string_view name : known) {
    const std::size_t needed = edits(text, name);
    if (needed > std::max<std::size_t>(2, std::max(text.size(), name.size()) / 3)) continue;
    if (!best || needed < fewest) {
      best = name;
      fewest = needed;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view text, std::span<const std::string_view> known) {
  const auto name = nearest_name(text, known);
  return name ? " (did you mean '" + std::string(*name) + "'?)" : std::string();
}

}  // namespace phase
