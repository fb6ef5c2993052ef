// The known name that a person most likely meant by an unknown one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace phase {

/// The one of `known` with the fewest edits (insert, delete, replace, swap of neighbours) from
/// `text`; none where that takes more than a third of the longer one's letters, and at least two
/// are allowed. Only the first 64 bytes of `text` are looked at.
[[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view text,
                                                           std::span<const std::string_view> known);

/// " (did you mean 'x'?)" or nothing, to end a message with.
[[nodiscard]] std::string did_you_mean(std::string_view text,
                                       std::span<const std::string_view> known);

}  // namespace phase
