// node/verbs.h
// The verbs of plasmd. Each add_ function puts one subcommand into the program; its callback runs
// when the command line names it, and sets `exit` to the exit code of the program (ErrorCode, 0 for
// success). Data goes to stdout, everything else to stderr.
#pragma once

#include <string>

#include "proto/result.h"

namespace CLI {
class App;
}

namespace phase::node {

void add_keygen(CLI::App& app, int& exit);
void add_key(CLI::App& app, int& exit);
void add_trust(CLI::App& app, int& exit);
void add_publish(CLI::App& app, int& exit);
void add_verify(CLI::App& app, int& exit);
void add_inspect(CLI::App& app, int& exit);
void add_serve(CLI::App& app, int& exit);
void add_fetch(CLI::App& app, int& exit);
void add_status(CLI::App& app, int& exit);
void add_list(CLI::App& app, int& exit);
void add_discover(CLI::App& app, int& exit);
void add_cache(CLI::App& app, int& exit);

/// Prints "plasmd <verb>: <detail> (<name>)" and the advice to stderr; the exit code.
int fail(const char* verb, const Error& error);
/// Prints to stdout and flushes; kStore's exit code where that fails (a full disk is no success).
int print(const char* verb, const std::string& text);

}  // namespace phase::node
