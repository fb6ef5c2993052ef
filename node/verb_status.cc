#include <CLI/CLI.hpp>
#include <memory>

#include "node/admin.h"
#include "node/status.h"
#include "node/verbs.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "status";

int run(const std::string& admin, bool json) {
  const auto at = parse_endpoint(admin);
  if (!at) return fail(kVerb, {ErrorCode::kUsage, "--admin " + admin + ": expected ADDRESS:PORT"});
  auto answer = admin_get(*at, "/api/v1/status");
  if (!answer) return fail(kVerb, answer.error());
  if (json) return print(kVerb, *answer);
  auto text = status_text(*answer);
  return text ? print(kVerb, *text) : fail(kVerb, text.error());
}

}  // namespace

void add_status(CLI::App& app, int& exit) {
  auto admin = std::make_shared<std::string>("127.0.0.1:8081");
  auto json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand(kVerb, "What the node running on this host does");
  verb->footer("Example:\n  plasmd status --admin 127.0.0.1:8081");
  verb->add_option("--admin", *admin, "Its admin endpoint")->capture_default_str();
  verb->add_flag("--json", *json, "Print JSON");
  verb->callback([admin, json, &exit] { exit = run(*admin, *json); });
}

}  // namespace phase::node
