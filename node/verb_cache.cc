#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "boot/cache/cache.h"
#include "node/units.h"
#include "node/verbs.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "cache";

struct Arguments {
  std::string folder, limit;
  bool json = false;
};

using Json = nlohmann::ordered_json;

/// A path is whatever bytes the operator typed; JSON is UTF-8.
std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

int init(const Arguments& arguments) {
  if (auto made = boot::Cache::create(arguments.folder); !made) return fail(kVerb, made.error());
  // Whoever is to write it later finds out now that it can be.
  const auto cache = boot::Cache::open(arguments.folder, boot::CacheUse::kWrite);
  if (!cache) return fail(kVerb, cache.error());
  return print(kVerb, arguments.folder + " is a cache now, for at most " +
                          std::to_string(cache->limit()) + " bytes\n");
}

Json list_json(const boot::Cache& cache, const std::string& folder) {
  Json json{{"cache", folder},
            {"used_bytes", cache.used_bytes()},
            {"limit", cache.limit()},
            {"releases", Json::array()}};
  for (const boot::CachedRelease& one : cache.list()) {
    json["releases"].push_back({{"channel", one.manifest.channel},
                                {"arch", one.manifest.arch},
                                {"version", one.manifest.release_version},
                                {"complete", one.complete},
                                {"bytes", one.bytes},
                                {"created", one.manifest.created.seconds},
                                {"expires", one.manifest.expires.seconds},
                                {"last_used", one.last_used},
                                {"manifest_sha256", to_hex(one.manifest_sha256)}});
  }
  return json;
}

std::string list_text(const boot::Cache& cache, const std::string& folder) {
  std::ostringstream out;
  const auto releases = cache.list();
  for (const boot::CachedRelease& one : releases) {
    out << one.manifest.channel << '/' << one.manifest.arch << "  version "
        << one.manifest.release_version << "  " << one.bytes << " bytes"
        << (one.complete ? "" : "  (files are missing)") << "  manifest "
        << to_hex(one.manifest_sha256).substr(0, 8) << '\n';
  }
  if (releases.empty()) out << "no release in " << folder << '\n';
  out << cache.used_bytes() << " of " << cache.limit() << " bytes are used\n";
  return out.str();
}

int list(const Arguments& arguments) {
  const auto cache = boot::Cache::open(arguments.folder, boot::CacheUse::kRead);
  if (!cache) return fail(kVerb, cache.error());
  return print(kVerb, arguments.json ? dump(list_json(*cache, arguments.folder))
                                     : list_text(*cache, arguments.folder));
}

int verify(const Arguments& arguments) {
  const auto cache = boot::Cache::open(arguments.folder, boot::CacheUse::kRead);
  if (!cache) return fail(kVerb, cache.error());
  const auto faults = cache->verify();
  const std::size_t releases = cache->list().size();
  Json json{{"cache", arguments.folder}, {"releases", releases}, {"faults", Json::array()}};
  std::string text;
  for (const boot::CacheFault& fault : faults) {
    json["faults"].push_back({{"what", fault.what},
                              {"error", error_name(fault.error.code)},
                              {"detail", fault.error.detail}});
    text += "BAD   " + fault.what + ": " + fault.error.detail + "\n";
  }
  if (faults.empty()) {
    text = "good  " + std::to_string(releases) + " releases, every file is what its manifest says\n";
  }
  const int printed = print(kVerb, arguments.json ? dump(json) : text);
  if (faults.empty() || printed != 0) return printed;
  return fail(kVerb, {ErrorCode::kAltered,
                      arguments.folder + ": " + std::to_string(faults.size()) +
                          " faults; none of it is booted. `plasmd cache gc " + arguments.folder +
                          "` removes what is damaged; look at the disk if it happens again"});
}

int collect(const Arguments& arguments) {
  std::uint64_t limit = 0;
  if (!arguments.limit.empty()) {
    const auto size = parse_size(arguments.limit);
    if (!size) return fail(kVerb, size.error().in("--limit"));
    limit = *size;
  }
  auto cache = boot::Cache::open(arguments.folder, boot::CacheUse::kWrite);
  if (!cache) return fail(kVerb, cache.error());
  const auto freed = cache->collect(limit);
  if (!freed) return fail(kVerb, freed.error());
  if (arguments.json) {
    return print(kVerb, dump({{"cache", arguments.folder},
                              {"freed_bytes", *freed},
                              {"used_bytes", cache->used_bytes()},
                              {"releases", cache->list().size()}}));
  }
  return print(kVerb, "gave back " + std::to_string(*freed) + " bytes; " +
                          std::to_string(cache->list().size()) + " releases in " +
                          std::to_string(cache->used_bytes()) + " bytes stay\n");
}

CLI::App* add_one(CLI::App& verb, const char* name, const char* what,
                  const std::shared_ptr<Arguments>& arguments, bool json) {
  CLI::App* one = verb.add_subcommand(name, what);
  one->add_option("folder", arguments->folder, "The cache: a folder, or where it is mounted")
      ->required();
  if (json) one->add_flag("--json", arguments->json, "Print JSON");
  return one;
}

}  // namespace

void add_cache(CLI::App& app, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(kVerb, "Releases kept on a disk between boots");
  verb->require_subcommand(1);
  verb->footer("Example:\n  plasmd cache init /mnt/cache\n  plasmd cache list /mnt/cache --json");

  add_one(*verb, "init", "Make a cache of an empty folder", arguments, false)
      ->callback([arguments, &exit] { exit = init(*arguments); });
  add_one(*verb, "list", "The releases in it", arguments, true)
      ->callback([arguments, &exit] { exit = list(*arguments); });
  add_one(*verb, "verify", "Hash all of it; names what is damaged", arguments, true)
      ->callback([arguments, &exit] { exit = verify(*arguments); });
  CLI::App* gc = add_one(*verb, "gc", "Remove what is damaged or belongs to no release", arguments,
                         true);
  gc->add_option("--limit", arguments->limit,
                 "Then remove releases used least recently until it takes no more, e.g. 2G");
  gc->callback([arguments, &exit] { exit = collect(*arguments); });
}

}  // namespace phase::node
