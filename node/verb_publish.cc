#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "node/publish.h"
#include "node/units.h"
#include "node/verbs.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "publish";

struct Arguments {
  std::string store, channel, arch, kernel, initramfs, rootfs, cmdline;
  std::string expires = "1y", min_memory;
  std::vector<std::string> secret_keys, device_trees;
  std::uint64_t release_version = 0;
  bool version_given = false, renew = false, json = false;
};

nlohmann::ordered_json to_json(const StoredRelease& release) {
  return {{"publisher", release.publisher.hex()},
          {"channel", release.channel},
          {"arch", release.arch},
          {"version", release.manifest.release_version},
          {"name", release.name},
          {"folder", release.folder},
          {"bytes", release.manifest.total_bytes()},
          {"kernel_release", release.manifest.kernel_release},
          {"kernel_memory", release.manifest.kernel_memory},
          {"initramfs_unpacked", release.manifest.initramfs_unpacked},
          {"created", release.manifest.created.seconds},
          {"expires", release.manifest.expires.seconds},
          {"seq", release.pointer.front().seq},
          {"manifest_sha256", to_hex(release.manifest_sha256)},
          {"infohash_v1", to_hex(release.info.infohashes.v1)},
          {"infohash_v2", to_hex(release.info.infohashes.v2)}};
}

std::string to_text(const StoredRelease& release) {
  const auto& manifest = release.manifest;
  return "published     " + release.name + "\nchannel       " + release.channel + " on " +
         release.arch + ", release version " + std::to_string(manifest.release_version) +
         "\nkernel        " +
         (manifest.kernel_release.empty() ? "release unknown" : manifest.kernel_release) +
         ", needs " + std::to_string(manifest.kernel_memory) + " bytes\ninitramfs     unpacks to " +
         std::to_string(manifest.initramfs_unpacked) + " bytes\nfolder        " + release.folder +
         "\ninfohash      " + to_hex(release.info.infohashes.v1) + "\nboot with     phase.key=" +
         release.publisher.hex() + " phase.channel=" + release.channel + "\n";
}

int show(const std::vector<StoredRelease>& releases, bool json) {
  if (!json) {
    std::string text;
    for (const auto& release : releases) text += to_text(release);
    return print(kVerb, text);
  }
  auto list = nlohmann::ordered_json::array();
  for (const auto& release : releases) list.push_back(to_json(release));
  return print(kVerb, nlohmann::ordered_json{{"published", list}}.dump(2) + "\n");
}

Result<std::vector<StoredRelease>> publish_one(Store& store, const Arguments& arguments,
                                               std::vector<const SecretKey*> keys,
                                               std::int64_t lifetime) {
  for (const auto& [given, option] :
       {std::pair(arguments.channel, "--channel NAME"), std::pair(arguments.arch, "--arch ARCH")})
    if (given.empty()) return {ErrorCode::kUsage, std::string("a release needs ") + option};
  PublishOptions options;
  options.keys = std::move(keys);
  options.channel = arguments.channel;
  options.arch = arguments.arch;
  options.kernel = arguments.kernel;
  options.initramfs = arguments.initramfs;
  options.rootfs = arguments.rootfs;
  options.device_trees = arguments.device_trees;
  options.cmdline = arguments.cmdline;
  options.lifetime = lifetime;
  if (arguments.version_given) options.release_version = arguments.release_version;
  if (!arguments.min_memory.empty()) {
    const auto size = parse_size(arguments.min_memory);
    if (!size) return size.error().in("--min-memory");
    options.min_memory = *size;
  }
  auto made = publish(store, system_clock(), options);
  if (!made) return made.error();
  std::vector<StoredRelease> out;
  out.push_back(std::move(*made));
  return out;
}

Result<std::vector<StoredRelease>> act(const Arguments& arguments) {
  std::vector<SecretKey> keys;
  for (const auto& path : arguments.secret_keys) {
    auto key = load_secret_key(path);
    if (!key) return key.error();
    keys.push_back(std::move(*key));
  }
  std::vector<const SecretKey*> borrowed;
  for (const auto& key : keys) borrowed.push_back(&key);
  const auto lifetime = parse_lifetime(arguments.expires);
  if (!lifetime) return lifetime.error().in("--expires");
  auto store = Store::open(
      real_files(), {arguments.store.empty() ? default_store_path() : arguments.store, true});
  if (!store) return store.error();
  if (!arguments.renew) return publish_one(**store, arguments, std::move(borrowed), *lifetime);
  RenewOptions options{.keys = std::move(borrowed), .channel = std::nullopt, .lifetime = *lifetime};
  if (!arguments.channel.empty()) options.channel = arguments.channel;
  return renew(**store, system_clock(), options);
}

int run(const Arguments& arguments) {
  const auto made = act(arguments);
  if (!made) return fail(kVerb, made.error());
  return show(*made, arguments.json);
}

void add_options(CLI::App& verb, Arguments& arguments) {
  verb.add_option("-a,--artifacts", arguments.store, "Store; default: this platform's");
  verb.add_option("--secret-key", arguments.secret_keys,
                  "Key file of plasmd keygen; several sign together, the first is the publisher")
      ->required();
  verb.add_option("--channel", arguments.channel, "Channel, e.g. stable");
  verb.add_option("--arch", arguments.arch, "x86_64 (amd64) or aarch64 (arm64)");
  auto* kernel = verb.add_option("--kernel", arguments.kernel, "bzImage, or arm64 Image");
  verb.add_option("--initramfs", arguments.initramfs, "cpio (newc), plain or gzip, xz, zstd");
  verb.add_option("--rootfs", arguments.rootfs, "Handed over as it is, at /phase/rootfs");
  verb.add_option("--dtb", arguments.device_trees, "Device tree; may be given several times");
  verb.add_option("--cmdline", arguments.cmdline, "Kernel command line, signed with the rest");
  verb.add_option("--release-version", arguments.release_version,
                  "Must be above the last one; default: the last one + 1");
  verb.add_option("--expires", arguments.expires, "12h, 90d, 2w, 1y or never")
      ->capture_default_str();
  verb.add_option("--min-memory", arguments.min_memory,
                  "Machines with less memory refuse it before they fetch, e.g. 256M");
  verb.add_flag("--renew", arguments.renew,
                "Publish what is there again with a later expiry, as the next release version")
      ->excludes(kernel);
  verb.add_flag("--json", arguments.json, "Print JSON");
}

}  // namespace

void add_publish(CLI::App& app, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(kVerb, "Sign a release and put it into the store");
  verb->footer(
      "Examples:\n"
      "  plasmd publish -a /srv/store --secret-key ~/release-key/secret.key --channel stable \\\n"
      "    --arch x86_64 --kernel vmlinuz --initramfs node.cpio --cmdline \"console=ttyS0\"\n"
      "  plasmd publish -a /srv/store --secret-key ~/release-key/secret.key --renew --expires 90d\n"
      "Serve it with: plasmd serve -a /srv/store");
  add_options(*verb, *arguments);
  verb->callback([arguments, verb, &exit] {
    arguments->version_given = verb->count("--release-version") > 0;
    exit = run(*arguments);
  });
}

}  // namespace phase::node
