#include "node/expiry.h"

#include <algorithm>

namespace phase::node {
namespace {

constexpr std::int64_t kHour = 3600, kDay = 24 * kHour;
constexpr std::int64_t kWarnAtMost = 30 * kDay;

std::string span_text(std::int64_t seconds) {
  const auto count = [](std::int64_t number, const char* unit) {
    return std::to_string(number) + " " + unit + (number == 1 ? "" : "s");
  };
  if (seconds >= 2 * kDay) return count(seconds / kDay, "day");
  if (seconds >= 2 * kHour) return count(seconds / kHour, "hour");
  return count(seconds / 60, "minute");
}

}  // namespace

const char* freshness_name(Freshness freshness) {
  switch (freshness) {
    case Freshness::kGood: return "good";
    case Freshness::kSoon: return "soon";
    case Freshness::kExpired: return "expired";
  }
  return "unknown";
}

Freshness freshness_of(WallTime created, WallTime expires, WallTime now) {
  if (expires.seconds == 0) return Freshness::kGood;
  if (now >= expires) return Freshness::kExpired;
  std::int64_t warn = kWarnAtMost;
  if (created.seconds > 0 && created < expires) {
    warn = std::min(warn, (expires.seconds - created.seconds) / 3);
  }
  return expires.seconds - now.seconds <= warn ? Freshness::kSoon : Freshness::kGood;
}

std::string expiry_text(WallTime expires, WallTime now) {
  if (expires.seconds == 0) return "never expires";
  if (now >= expires) return "expired " + span_text(now.seconds - expires.seconds) + " ago";
  return "expires in " + span_text(expires.seconds - now.seconds);
}

}  // namespace phase::node
