#include "sim/hostile/http_lies.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace phase::sim {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDripEvery{1000};

struct Telling {
  const HttpTruth& truth;
  const Victim& victim;
  Chance& chance;

  [[nodiscard]] std::string start(const std::string& status) const {
    std::string out = "HTTP/1.1 " + status + "\r\nConnection: close\r\n";
    if (!truth.range.empty()) out += "Content-Range: " + truth.range + "\r\n";
    return out;
  }
  [[nodiscard]] bool with_length(const std::string& length) const {
    return victim.send(start(truth.status) + "Content-Length: " + length + "\r\n\r\n" + truth.body);
  }
  [[nodiscard]] bool with_headers(const std::string& lines) const {
    return victim.send(start(truth.status) + lines + "\r\n" + truth.body);
  }
  /// Until the victim has had enough.
  [[nodiscard]] bool without_end(const std::string& begin, const std::string& again) const {
    if (!victim.send(begin)) return false;
    std::string many;
    while (many.size() < 64 * 1024) many += again;
    while (victim.send(many)) {
    }
    return true;
  }
};

using Lie = std::function<bool(const Telling&)>;

bool dripped(const Telling& t, std::string_view text) {
  return t.victim.drip(as_bytes(text), kDripEvery) > 0;
}

bool altered(const Telling& t) {
  HttpTruth other = t.truth;
  if (!other.body.empty()) other.body[t.chance.below(other.body.size())] ^= 1;
  return tell_truth(other, t.victim);
}

bool elsewhere(const Telling& t, const std::string& location) {
  return t.victim.send("HTTP/1.1 302 Found\r\nLocation: " + location +
                       "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

bool another_range(const Telling& t) {
  return t.victim.send("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1000-" +
                       std::to_string(1000 + t.truth.body.size() - 1) + "/" +
                       std::to_string(t.truth.body.size() * 2) + "\r\nContent-Length: " +
                       std::to_string(t.truth.body.size()) + "\r\n\r\n" + t.truth.body);
}

const std::vector<std::pair<std::string, Lie>>& all() {
  static const std::vector<std::pair<std::string, Lie>> kAll = {
      {"length-more", [](const Telling& t) {
         return t.with_length(std::to_string(t.truth.body.size() + 1000)); }},
      {"length-less", [](const Telling& t) {
         return t.with_length(std::to_string(t.truth.body.size() / 2)); }},
      {"length-huge", [](const Telling& t) { return t.with_length("9223372036854775807"); }},
      {"length-over", [](const Telling& t) { return t.with_length("99999999999999999999999"); }},
      {"length-negative", [](const Telling& t) { return t.with_length("-1"); }},
      {"length-twice", [](const Telling& t) {
         return t.with_headers("Content-Length: 1\r\nContent-Length: " +
                               std::to_string(t.truth.body.size()) + "\r\n"); }},
      {"length-and-chunked", [](const Telling& t) {
         return t.with_headers("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"); }},
      {"encoding-unknown", [](const Telling& t) {
         return t.with_headers("Transfer-Encoding: phase, identity, chunked\r\n"); }},
      {"encoding-gzip", [](const Telling& t) {
         return t.with_headers("Content-Encoding: gzip\r\n"); }},
      {"chunk-huge", [](const Telling& t) {
         return t.victim.send(t.start("200 OK") + "Transfer-Encoding: chunked\r\n\r\n" +
                              "FFFFFFFFFFFFFFFFF\r\n" + t.truth.body); }},
      {"chunks-without-end", [](const Telling& t) {
         return t.without_end(t.start("200 OK") + "Transfer-Encoding: chunked\r\n\r\n",
                              "1;x=y\r\nz\r\n"); }},
      {"headers-without-end", [](const Telling& t) {
         return t.without_end("HTTP/1.1 200 OK\r\n", "X-More: there is always one more\r\n"); }},
      {"header-huge", [](const Telling& t) {
         return t.victim.send("HTTP/1.1 200 OK\r\nX: " + std::string(4 << 20, 'a') + "\r\n\r\n"); }},
      {"body-without-end", [](const Telling& t) {
         return t.without_end(t.start("200 OK") + "\r\n", std::string(4096, 'b')); }},
      {"drip", [](const Telling& t) {
         return dripped(t, t.start("200 OK") + "Content-Length: 100\r\n\r\n"); }},
      {"silence", [](const Telling& t) { t.victim.wait_until_closed(); return true; }},
      {"status-206", [](const Telling& t) { return another_range(t); }},
      {"status-304", [](const Telling& t) {
         return t.victim.send("HTTP/1.1 304 Not Modified\r\n\r\n"); }},
      {"status-100-without-end", [](const Telling& t) {
         return t.without_end("", "HTTP/1.1 100 Continue\r\n\r\n"); }},
      {"status-99999", [](const Telling& t) {
         return t.victim.send("HTTP/1.1 99999 What\r\nContent-Length: 0\r\n\r\n"); }},
      {"location-itself", [](const Telling& t) { return elsewhere(t, t.truth.path); }},
      {"location-loopback", [](const Telling& t) {
         return elsewhere(t, "http://127.0.0.1:22/" + t.truth.path); }},
      {"location-file", [](const Telling& t) { return elsewhere(t, "file:///etc/passwd"); }},
      {"control-characters", [](const Telling& t) {
         return t.victim.send(std::string("HTTP/1.1 200 OK\r\nX: \x1b[2J\0\x7f\n\nY\r\n\r\n", 33)); }},
      {"garbage", [](const Telling& t) { return t.victim.send(t.chance.bytes(4096)); }},
      {"nothing", [](const Telling&) { return true; }},
      {"altered", altered},
  };
  return kAll;
}

}  // namespace

const std::vector<std::string>& http_lie_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> out;
    for (const auto& [name, tell] : all()) out.push_back(name);
    return out;
  }();
  return kNames;
}

bool lie(const std::string& name, const HttpTruth& truth, const Victim& victim, Chance& chance,
         Tally& tally) {
  const auto found = std::find_if(all().begin(), all().end(),
                                  [&](const auto& one) { return one.first == name; });
  if (found == all().end()) return false;
  // Counted once asked for: some lies last until the victim leaves.
  tally.add(name);
  (void)found->second({truth, victim, chance});
  return true;
}

bool tell_truth(const HttpTruth& truth, const Victim& victim) {
  std::string head = "HTTP/1.1 " + truth.status + "\r\nConnection: close\r\n";
  if (!truth.range.empty()) head += "Content-Range: " + truth.range + "\r\n";
  return victim.send(head + "Content-Length: " + std::to_string(truth.body.size()) + "\r\n\r\n" +
                     truth.body);
}

}  // namespace phase::sim
