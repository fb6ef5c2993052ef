// dht/lan/program_io.h
// stdin and stdout of phase-lan and phase-lan-dbus.
#pragma once

#include <functional>

#include "dht/lan/lines.h"

namespace phase::dht::lan {

/// One report on stdout. A service that fits no line is left out; where nobody reads any more,
/// the program is asked to end.
void say(const Report& report);

class CommandInput {
 public:
  /// Reads what is there. The end of stdin, and a line that is none, ask the program to end.
  void read(const std::function<void(Command)>& take);

 private:
  LineReader lines_;
};

}  // namespace phase::dht::lan
