// The kernel command line, and the next one made from it: whatever the bytes are, messages are
// printable, and the next line is printable, within the kernel's limit, begins with the signed
// one and holds none of the words that never pass.
#include <string>
#include <string_view>

#include "boot/machine/kmsg.h"
#include "boot/machine/options.h"
#include "proto/manifest.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

constexpr std::string_view kSigned = "quiet panic=10";

void check_printable(const std::string& text) {
  check(boot::printable(text) == text, "unprintable text came out");
}

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

void check_next(const boot::BootOptions& options) {
  const auto next = boot::next_cmdline(kSigned, options,
                                       {"init", "rdinit", "rd.break", "lockdown",
                                        "module.sig_enforce", "loglevel", "a", "b"});
  check(next.ok(), "a good signed line was refused");
  check(next->text.starts_with(kSigned), "the signed line changed");
  check_printable(next->text);
  check(next->text.size() <= kMaxCmdline, "over the kernel's limit");
  for (const auto& line : next->left_out) check_printable(line);
  for (const auto& word : boot::split_cmdline(next->text)) {
    for (const char* never : {"init", "rdinit", "rd.break", "lockdown", "module.sig_enforce",
                              "module.sig-enforce"}) {
      check(word.name != never, "a word passed that never does");
    }
  }
}

}  // namespace

std::vector<Bytes> seeds() {
  return {bytes("console=tty0 console=ttyS0,115200n8 phase.append=\"a=1 b=2 init=/bin/sh\" quiet"),
          bytes("ip=10.1.1.1:10.1.1.3:10.1.1.2:255.0.0.0:host:eth0:off:9.9.9.9 "
                "BOOTIF=01-52-54-00-12-34-56"),
          bytes("phase.mode=private phase.bootstrap=a:1,[fd00::1]:2 phase.min_version=7 "
                "phase.provider=http://10.0.0.1:8080 phase.onfail=shell phase.timeout=60"),
          bytes("phase.key=d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a "
                "phase.debug phase.nowrite=disabled phase.chanel=x -- single")};
}

void one(ByteView input) {
  const auto parsed = boot::parse_options(as_text(input));
  for (const auto& warning : parsed.warnings) check_printable(warning);
  for (const auto& error : parsed.errors) check_printable(error.detail);
  check(parsed.options.bootstrap.size() <= boot::kMaxBootstrap, "too many bootstrap nodes");
  check_next(parsed.options);
}

}  // namespace phase::fuzz
