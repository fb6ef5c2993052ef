#include "boot/mode_policy.h"

#include <array>
#include <functional>

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array kModes = {Mode::kInternet, Mode::kLocal, Mode::kPrivate};

constexpr ModePolicy kInternet{
    .cache = true, .lan = true, .dht = true, .given = true,
    .only_on_link = false, .anonymous = false, .storage = true,
    .write_cache = true, .tell_next = true, .serve_next = true,
    .network = seconds(60), .network_if_cached = seconds(15), .newer = seconds(15),
    // Ends sooner, once every node that answers at once has: dht::LanBrowsed.
    .far_wait = seconds(3), .near_stall = seconds(2)};

// A name would be asked of a DNS server on the link, which asks others: names are left out.
constexpr ModePolicy kLocal{
    .cache = true, .lan = true, .dht = false, .given = true,
    .only_on_link = true, .anonymous = false, .storage = true,
    .write_cache = true, .tell_next = true, .serve_next = true,
    .network = seconds(60), .network_if_cached = seconds(10), .newer = seconds(3),
    .far_wait = {}, .near_stall = seconds(2)};

constexpr ModePolicy kPrivate{
    .cache = false, .lan = false, .dht = true, .given = true,
    .only_on_link = false, .anonymous = true, .storage = false,
    .write_cache = false, .tell_next = false, .serve_next = false,
    .network = seconds(60), .network_if_cached = seconds(60), .newer = {},
    .far_wait = {}, .near_stall = {}};

std::string yes(bool value) { return value ? "yes" : "no"; }

std::string text(Duration duration) {
  const auto ms = std::chrono::duration_cast<milliseconds>(duration).count();
  if (ms == 0) return "-";
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

struct Row {
  const char* what;
  std::function<std::string(const ModePolicy&)> cell;
};

std::array<Row, 15> rows() {
  return {{
      {"cache is read", [](const ModePolicy& p) { return yes(p.cache); }},
      {"nodes on the link (DNS-SD)", [](const ModePolicy& p) { return yes(p.lan); }},
      {"DHT", [](const ModePolicy& p) -> std::string {
         return !p.dht ? "no" : p.anonymous ? "read-only, or not at all with a proxy" : "yes";
       }},
      {"given provider, mirrors", [](const ModePolicy& p) -> std::string {
         return !p.given ? "no" : p.only_on_link ? "on the link, by address" : "yes";
       }},
      {"names are resolved", [](const ModePolicy& p) { return yes(!p.only_on_link); }},
      {"packets leave the link", [](const ModePolicy& p) { return yes(!p.only_on_link); }},
      {"uploads while it fetches", [](const ModePolicy& p) { return yes(!p.anonymous); }},
      {"drivers of disks", [](const ModePolicy& p) { return yes(p.storage); }},
      {"cache is written", [](const ModePolicy& p) { return yes(p.write_cache); }},
      {"report handed to the next system", [](const ModePolicy& p) { return yes(p.tell_next); }},
      {"next system of role node serves", [](const ModePolicy& p) { return yes(p.serve_next); }},
      {"waits for interface and address", [](const ModePolicy& p) { return text(p.network); }},
      {"the same, with a good release in the cache",
       [](const ModePolicy& p) { return p.cache ? text(p.network_if_cached) : "-"; }},
      {"then looks for a newer one", [](const ModePolicy& p) { return text(p.newer); }},
      {"peers beyond the link wait", [](const ModePolicy& p) -> std::string {
         if (p.far_wait == Duration{}) return "-";
         return "until those on it had time to answer (350 ms, on a slow machine more, at most " + text(p.far_wait) +
                "); while near ones deliver, for good (" + text(p.near_stall) + " without)";
       }},
  }};
}

}  // namespace

const char* mode_name(Mode mode) {
  switch (mode) {
    case Mode::kInternet: return "internet";
    case Mode::kLocal: return "local";
    case Mode::kPrivate: return "private";
  }
  return "unknown";
}

std::optional<Mode> mode_of(std::string_view name) {
  for (const Mode mode : kModes) {
    if (name == mode_name(mode)) return mode;
  }
  return std::nullopt;
}

const ModePolicy& policy_of(Mode mode) {
  switch (mode) {
    case Mode::kInternet: return kInternet;
    case Mode::kLocal: return kLocal;
    case Mode::kPrivate: return kPrivate;
  }
  return kPrivate;
}

std::string policy_table() {
  std::string out = "| |";
  for (const Mode mode : kModes) out += std::string(" `") + mode_name(mode) + "` |";
  out += "\n|-|-|-|-|\n";
  for (const Row& row : rows()) {
    out += std::string("| ") + row.what + " |";
    for (const Mode mode : kModes) out += " " + row.cell(policy_of(mode)) + " |";
    out += "\n";
  }
  return out;
}

}  // namespace phase::boot
