// dht/lan/confine.h
// What the programs that read the LAN's datagrams give up before they do: user, capabilities, open
// files and the right to open any, new processes, memory, and all system calls but those of a
// profile. Called first thing in main().
#pragma once

#include <csignal>
#include <cstddef>

#include "proto/confine/profile.h"

namespace phase::dht::lan {

/// nullptr, or the step that failed. Root becomes nobody where it may (CAP_SETUID). stdin, stdout
/// and stderr stay open.
[[nodiscard]] const char* give_up_rights(std::size_t max_memory, confine::Profile profile);

/// SIGTERM (also sent when the starting thread ends), SIGINT and SIGHUP ask for an orderly end,
/// which says goodbye to the LAN: true from then on. A program that has not ended two seconds
/// later is ended.
[[nodiscard]] bool asked_to_end();
/// The same on our own account: stdin has ended.
void ask_to_end();

}  // namespace phase::dht::lan
