#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "node/network_options.h"
#include "node/trust_show.h"
#include "node/verbs.h"
#include "node/verify_release.h"
#include "proto/names.h"
#include "proto/ports.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "verify";

struct Arguments {
  std::string trust, path, channel, arch;
  std::uint64_t min_version = 0;
  bool manifest_only = false, json = false;
};

Result<VerifyRequest> to_request(const Arguments& arguments) {
  auto policy = load_trust(arguments.trust);
  if (!policy) return policy.error();
  VerifyRequest request;
  request.policy = std::move(*policy);
  request.path = arguments.path;
  if (!arguments.channel.empty()) request.channel = arguments.channel;
  if (!arguments.arch.empty()) {
    auto arch = normalise_arch(arguments.arch);
    if (!arch) return arch.error();
    request.arch = *arch;
  }
  request.min_version = arguments.min_version;
  request.now = system_clock().wall();
  request.artifacts = !arguments.manifest_only;
  return request;
}

std::string to_json(const VerifyReport& report) {
  const auto& manifest = report.manifest.manifest;
  nlohmann::ordered_json json{{"channel", manifest.channel},
                              {"arch", manifest.arch},
                              {"version", manifest.release_version},
                              {"expires", manifest.expires.seconds},
                              {"signed_by", report.manifest.signed_by},
                              {"root", nlohmann::ordered_json::parse(root_json(report.root))},
                              {"manifest_sha256", to_hex(report.manifest.envelope_sha256)},
                              {"files", nlohmann::ordered_json::array()}};
  for (const auto& file : report.files) {
    nlohmann::ordered_json one{{"path", file.path}, {"good", !file.error.has_value()}};
    if (file.error) {
      one["error"] = error_name(file.error->code);
      one["detail"] = file.error->detail;
    }
    json["files"].push_back(std::move(one));
  }
  return json.dump(2) + "\n";
}

std::string to_text(const VerifyReport& report) {
  const auto& manifest = report.manifest.manifest;
  auto text = "good  manifest of channel " + manifest.channel + " on " + manifest.arch +
              ", release version " + std::to_string(manifest.release_version) + ", signed by " +
              report.manifest.signed_by + ", by root version " +
              std::to_string(report.root.version) + "\n";
  for (const auto& file : report.files)
    text += (file.error ? "BAD   " : "good  ") + file.path + "\n";
  return text;
}

int run(const Arguments& arguments) {
  const auto request = to_request(arguments);
  if (!request) return fail(kVerb, request.error());
  const auto report = verify_release(*request);
  if (!report) return fail(kVerb, report.error());
  int exit = print(kVerb, arguments.json ? to_json(*report) : to_text(*report));
  for (const auto& file : report->files) {
    if (!file.error) continue;
    const int code = fail(kVerb, *file.error);
    if (exit == 0) exit = code;  // that of the first bad file
  }
  return exit;
}

}  // namespace

void add_verify(CLI::App& app, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand(kVerb, "Check a manifest and the artifacts that lie beside it");
  verb->footer(
      "Checks signatures, channel, architecture, expiry, version, then size and SHA-256 of every "
      "artifact.\nThe exit code is that of the first thing that is wrong (docs/EXIT-CODES.md).\n"
      "Example:\n  plasmd verify --trust phase.pub /srv/store/releases/phase-stable-x86_64-7-0123abcd/");
  verb->add_option("--trust", arguments->trust, "Public key, .pub file, root document or trust file")
      ->required();
  verb->add_option("path", arguments->path, "manifest.dsse, or the folder that holds it")
      ->required();
  verb->add_option("--channel", arguments->channel, "Refuse another channel than this");
  verb->add_option("--arch", arguments->arch, "Refuse another architecture than this");
  verb->add_option("--min-version", arguments->min_version, "Refuse a lower release version");
  verb->add_flag("--manifest-only", arguments->manifest_only, "Leave the artifacts out");
  verb->add_flag("--json", arguments->json, "Print JSON");
  verb->callback([arguments, &exit] { exit = run(*arguments); });
}

}  // namespace phase::node
