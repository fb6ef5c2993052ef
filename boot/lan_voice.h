// boot/lan_voice.h
// Tells the link what a visitor (boot/visit.h) fetches: machines behind one line that fetch the same
// find each other, and one copy comes through it. By DNS-SD, as nodes are found, and not by BEP 14:
// that is a second multicast protocol to read, sent with 32 hops where DNS-SD stays on the link, and
// all that it saves is the second that registering takes, in which whoever fetches has to ask
// somebody far for its first pieces anyhow.
//
// Threads: the owner's.
#pragma once

#include <optional>

#include "boot/acquire.h"
#include "dht/lan/lan.h"
#include "dht/session.h"

namespace phase::boot {

class LanVoice {
 public:
  /// Both are borrowed; `lan` may be null: nobody is told then.
  LanVoice(dht::Lan* lan, const dht::Session& session) : lan_(lan), session_(session) {}

  /// After each tick of `acquire`: what is new since the last time. Withdrawn with the Lan.
  void tell(const Acquire& acquire);

 private:
  dht::Lan* lan_;
  const dht::Session& session_;
  std::optional<dht::LanRelease> told_;
};

}  // namespace phase::boot
