// What PID 1 and its helpers read from a child that read the network, from a disk and from the
// system that booted before. The first byte says which. What is accepted is printable, within its
// limits, and says the same when it is said again.
#include <cmath>
#include <string>

#include "boot/init/line_reader.h"
#include "boot/init/memory_contract.h"
#include "boot/origin.h"
#include "boot/init/report.h"
#include "boot/init/status_line.h"
#include "boot/machine/block_device.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {
namespace {

using namespace boot;

void check_printable(std::string_view text) {
  for (const char c : text) check(c >= ' ' && c <= '~', "a byte that is not printable");
}

void check_status(ByteView input) {
  const StatusLine line = parse_status(as_text(input));
  std::string said = format_status(line);
  check(said.ends_with('\n'), "a status is a line");
  said.pop_back();
  check(said.find('\n') == std::string::npos, "a status is one line");
  const StatusLine again = parse_status(said);
  check(again.kind == line.kind && again.code == line.code, "a status means something else");
}

void check_lines(ByteView input) {
  LineReader reader(8);
  std::size_t lines = 0;
  // In pieces, as a pipe gives them.
  for (std::size_t at = 0; at < input.size(); at += 7) {
    for (const std::string& line : reader.feed(input.subspan(at, std::min<std::size_t>(7, input.size() - at)))) {
      check_printable(line);
      ++lines;
    }
  }
  const std::string rest = reader.rest();
  check_printable(rest);
  check(lines <= 8, "more lines than the limit");
}

void check_report(ByteView input) {
  const auto report = parse_report(as_text(input));
  if (!report) return;
  check(report->sources.size() <= kMaxReportSources && report->refusals.size() <= kMaxReportRefusals &&
            report->stages.size() <= kMaxReportStages,
        "a report over its limits");
  for (const auto& [name, seconds] : report->stages)
    check(std::isfinite(seconds) && seconds >= 0, "a time that is none");
  for (const std::string& text : report->refusals) check_printable(text);
  check_printable(report->detail);
  const std::string line = report_line(*report);
  check(line.size() <= kMaxReportLine, "a line over its limit");
  check_printable(line);
  const std::string json = report_json(*report);
  check(json.size() <= kMaxReportBytes, "a report over its limit");
  const auto again = parse_report(json);
  check(again.ok() && report_json(*again) == json, "a report changes when it is said again");
}

void check_origin(ByteView input) {
  const auto origin = parse_origin(as_text(input));
  if (!origin) return;
  const auto again = parse_origin(origin_json(*origin));
  check(again.ok() && again->key == origin->key && again->channel == origin->channel &&
            again->arch == origin->arch && again->mode == origin->mode &&
            again->bootstrap == origin->bootstrap,
        "an origin changes when it is said again");
}

void check_disk(ByteView input) {
  const auto device = parse_block_uevent(as_text(input));
  if (!device) return;
  check(!device->device.empty() && device->device.find('/') == std::string::npos &&
            device->device.front() != '.',
        "a device that is no plain name");
}

Bytes seed(char kind, std::string_view text) {
  Bytes out{static_cast<std::uint8_t>(kind)};
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

}  // namespace

std::vector<Bytes> seeds() {
  BootReport report;
  report.stage = "boot";
  report.ok = true;
  report.version = 7;
  report.channel = "stable";
  report.arch = "x86_64";
  report.mode = "internet";
  report.stages = {{"dhcp", 0.5}, {"fetch", 2.25}};
  report.sources = {{"10.0.0.1:6881", 4096, "dht", 1, true}};
  report.refusals = {"from 10.0.0.7: manifest: bad signature"};
  Origin origin;
  origin.key = key(1).public_key();
  origin.channel = "stable";
  origin.arch = "x86_64";
  origin.bootstrap = {"10.0.0.1:6881"};
  return {seed('s', "failed 12 the pointer is not there"),
          seed('s', "done phase-stable-x86_64-1-01234567"),
          seed('l', "progress 10 %\nsay hello\n\x01\xff\nno end"),
          seed('r', report_json(report)),
          seed('o', origin_json(origin)),
          seed('d', "MAJOR=254\nMINOR=1\nDEVNAME=vda1\nDEVTYPE=partition\nPARTN=1\nPARTNAME=PHASECACHE\n"),
          seed('m', "MemTotal:        2013504 kB\nMemFree:  1 kB\nMemAvailable:    1800000 kB\n")};
}

void one(ByteView input) {
  if (input.empty()) return;
  const ByteView rest = input.subspan(1);
  switch (input[0]) {
    case 's': return check_status(rest);
    case 'l': return check_lines(rest);
    case 'r': return check_report(rest);
    case 'o': return check_origin(rest);
    case 'd': return check_disk(rest);
    case 'm': (void)parse_meminfo(as_text(rest)); return;
    default: return;
  }
}

}  // namespace phase::fuzz
