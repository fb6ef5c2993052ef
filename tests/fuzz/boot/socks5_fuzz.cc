// What a SOCKS5 proxy says, cut as the client asks for it: it never asks for more than the protocol
// has, ends after the four pieces that it has, and never counts as connected where the proxy
// refused.
#include "boot/socks5.h"

#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

Bytes octets(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::uint8_t>(value));
  return out;
}

}  // namespace

std::vector<Bytes> seeds() {
  return {octets({5, 0, 5, 0, 0, 1, 10, 0, 0, 1, 0, 80}),
          octets({5, 0, 5, 0, 0, 3, 3, 'a', '.', 'b', 0, 80}),
          octets({5, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80}),
          octets({5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0}), octets({5, 0xff})};
}

void one(ByteView input) {
  auto socks = boot::Socks5::to("boot.example", 80);
  check(socks.ok(), "a good name was refused");
  std::size_t read = 0;
  int steps = 0;
  while (socks->needs() > 0) {
    check(socks->needs() <= 257, "more is asked for than an address can hold");
    check(++steps <= 4, "it never ends");
    if (input.size() - read < socks->needs()) return;
    const ByteView part = input.subspan(read, socks->needs());
    read += part.size();
    if (!socks->receive(part)) return;
  }
  check(input[0] == 5 && input[1] == 0 && input[2] == 5 && input[3] == 0,
        "connected without the proxy's consent");
}

}  // namespace phase::fuzz
