// node/own_rights.h
// What `plasmd serve` gives up before it hears anybody: root, capabilities, core dumps, system
// calls beyond its profile, and files beyond its store. In this order, in serve(): become_user(),
// what needs files of all kinds (store, key), give_up_rights(), sockets and threads.
// Threads: call both while there is one; those that come later inherit.
#pragma once

#include <string>
#include <vector>

#include "node/log.h"
#include "proto/result.h"

namespace phase::node {

/// Taken where no --user is given, if there is a user of this name and the store is theirs.
inline constexpr const char* kUsualUser = "phase";

struct UserChoice {
  std::string user;      ///< --user; empty: kUsualUser. "root" stays root.
  std::string store;     ///< Made for that user where it is not there yet; empty: none is needed.
  bool low_port = false; ///< A port below 1024 is asked for: that one capability stays.
};

/// Does nothing where the process is not root's. Without anybody to become it stays root, with a
/// warning and a handful of capabilities. kUsage: no such user, or only root can become another;
/// kStore: the store belongs to somebody else.
[[nodiscard]] Result<void> become_user(const UserChoice& choice, const Log& log);

struct OwnFiles {
  std::vector<std::string> read, write;  ///< Beside what every program with a network reads.
};

/// The line for those who watch it start: "confined user=… system-calls=… files=…". A kernel
/// without Landlock or system call filters is no error, and the line says so.
[[nodiscard]] std::string give_up_rights(const OwnFiles& files, const Log& log);

}  // namespace phase::node
