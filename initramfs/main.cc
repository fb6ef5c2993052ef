// phase-mkinitramfs: packs the init client (or the whole node), the modules of a kernel and the
// trust policy into an initramfs. Parses, wires and runs. docs/INITRAMFS.md.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

#include "initramfs/build.h"
#include "initramfs/report.h"
#include "proto/names.h"

namespace {

using namespace phase;             // NOLINT: a program's own file
using namespace phase::initramfs;  // NOLINT

volatile std::sig_atomic_t stop_asked = 0;

void ask_to_stop(int) {
  stop_asked = 1;
}

int failed(const Error& error) {
  // The detail of each says what to do: error_advice() speaks to those who boot a release.
  std::fprintf(stderr, "phase-mkinitramfs: %s (%s)\n", error.detail.c_str(),
               error_name(error.code));
  return exit_code(error.code);
}

struct Arguments {
  BuildOptions options;
  std::string role = "client";
  std::vector<std::string> added;
  bool json = false;
};

void declare(CLI::App& app, Arguments& arguments) {
  BuildOptions& options = arguments.options;
  app.add_option("--kernel", options.kernel,
                 "Kernel: a Debian package (linux-image-*.deb) or an unpacked tree")
      ->required();
  app.add_option("--arch", options.arch, "x86_64 (amd64) or aarch64 (arm64)")->required();
  app.add_option("--trust", options.trust, "The publisher's public key, or a .pub or trust file")
      ->required();
  app.add_option("--role", arguments.role,
                 "client: boots a release; node: what it boots, and serves it on")
      ->check(CLI::IsMember({"client", "node"}))
      ->capture_default_str();
  app.add_option("--add", arguments.added,
                 "FILE:/path/in/the/archive, or an absolute path that is kept");
  app.add_option("--bootstrap", options.bootstrap, "HOST:PORT of a DHT node to begin with");
  app.add_option("--mirror", options.mirrors, "http:// URL of a provider");
  app.add_flag("--lock", options.lock, "The kernel command line cannot change what is trusted");
  app.add_option("--programs", options.programs,
                 "Folder of phase-init, phase-net, ...; default: this program's");
  app.add_option("--modules", options.modules,
                 "Modules instead of the default set, with what they need")
      ->delimiter(',');
  app.add_option("--vmlinuz-out", options.image_out, "Writes the kernel image there as well");
  app.add_flag_callback(
      "--no-cache", [&options] { options.cache = false; },
      "Without drivers of disks: the machine uses no cache partition");
  app.add_flag("--json", arguments.json, "Prints the report as JSON");
  app.add_option("-o,--output", options.output, "The initramfs")->required();
  app.footer(
      "SOURCE_DATE_EPOCH (seconds since 1970) is the time in the archive and the least time that "
      "the\n"
      "machine believes; without it, the newest input's. Exit codes: docs/EXIT-CODES.md.");
}

Result<void> complete(Arguments& arguments) {
  BuildOptions& options = arguments.options;
  auto arch = normalise_arch(options.arch);
  if (!arch) return arch.error().in("--arch");
  options.arch = *arch;
  options.role = arguments.role == "node" ? InitRole::kNode : InitRole::kClient;
  for (const std::string& text : arguments.added) {
    auto added = parse_added_file(text);
    if (!added) return added.error();
    options.added.push_back(std::move(*added));
  }
  if (options.programs.empty()) {
    options.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  }
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"); epoch != nullptr && *epoch != '\0') {
    char* end = nullptr;
    options.source_date_epoch = std::strtoll(epoch, &end, 10);
    if (*end != '\0') {
      return {ErrorCode::kUsage,
              std::string("SOURCE_DATE_EPOCH is no number of seconds: ") + epoch};
    }
  }
  return {};
}

int run(int argc, char** argv) {
  CLI::App app{"Packs an initramfs that boots a machine from the peer-to-peer network"};
  Arguments arguments;
  declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_code(ErrorCode::kUsage);
  }
  if (auto done = complete(arguments); !done) return failed(done.error());
  // The work folder is to be gone when somebody presses Ctrl-C, so the work ends in good order.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, ask_to_stop);
  const auto built = build_initramfs(arguments.options, [] { return stop_asked != 0; });
  if (!built) return failed(built.error());
  const std::string report = arguments.json ? report_json(*built, arguments.options)
                                            : report_text(*built, arguments.options);
  if (std::fputs(report.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    return failed({ErrorCode::kStore, "the report cannot be written to standard output"});
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return failed({ErrorCode::kInternal, error.what()});
  }
}
