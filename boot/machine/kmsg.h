// boot/machine/kmsg.h
// How lines are written to the kernel log and what may appear in them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace phase::boot {

/// Of a record's text. The kernel refuses (EINVAL) records over 1024 less its own prefix; 996
/// bytes were refused on 6.1 (kernel/printk/printk.c, LOG_LINE_MAX).
inline constexpr std::size_t kMaxRecord = 900;

/// Bytes outside printable ASCII become \xNN, so that no text from outside can start a line of
/// its own or steer a terminal.
[[nodiscard]] std::string printable(std::string_view untrusted);

/// Cuts a printable line into records of at most kMaxRecord bytes; every record but the first
/// starts with "+ ", so that a reader can join them again.
[[nodiscard]] std::vector<std::string> split_records(std::string_view line);

/// The syslog level (0 to 7) to write a record with, so that the kernel does not print it to its
/// consoles itself: a record of level L is printed where L < console_loglevel. `wanted` is raised
/// as far as needed. None is high enough (returns -1) where the kernel prints everything.
[[nodiscard]] int quiet_level(int wanted, int console_loglevel, bool ignore_loglevel);

}  // namespace phase::boot
