#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>

#include "node/publish.h"
#include "node/publish_output.h"
#include "node/trust_files.h"
#include "node/units.h"
#include "node/verbs.h"
#include "proto/envelope.h"
#include "proto/names.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "publish";

struct Arguments {
  std::string store, channel, arch, kernel, initramfs, rootfs, cmdline;
  std::string expires = "1y", min_memory, trust, draft;
  std::vector<std::string> secret_keys, device_trees, signed_drafts, providers;
  std::uint64_t release_version = 0;
  bool version_given = false, renew = false, json = false;
};

/// What every way to publish needs.
struct Common {
  std::vector<SecretKey> keys;
  std::optional<TrustBase> trust;
  std::vector<ProviderHint> providers;
  std::int64_t lifetime = 0;
  [[nodiscard]] std::vector<const SecretKey*> borrowed() const {
    std::vector<const SecretKey*> all;
    for (const SecretKey& key : keys) all.push_back(&key);
    return all;
  }
};

/// ADDRESS:PORT of its peers' port, with /PORT behind it where it serves HTTP.
Result<ProviderHint> parse_provider(const std::string& text) {
  const auto slash = text.find('/');
  const auto peer = parse_endpoint(std::string_view(text).substr(0, slash));
  std::uint16_t http = 0;
  bool good = peer && peer->port != 0;
  if (slash != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + slash + 1, end, http);
    good = good && read.ec == std::errc() && read.ptr == end && http != 0;
  }
  if (good) return ProviderHint{*peer, http};
  return {ErrorCode::kUsage, "--provider " + text + ": not of the form 192.0.2.1:6881 or " +
                                 "[2001:db8::1]:6881/8080 (the port for peers / the port for HTTP)"};
}

Result<PublishOptions> to_options(const Arguments& arguments, const Common& common) {
  for (const auto& [given, option] :
       {std::pair(arguments.channel, "--channel NAME"), std::pair(arguments.arch, "--arch ARCH")})
    if (given.empty()) return {ErrorCode::kUsage, std::string("a release needs ") + option};
  PublishOptions options;
  options.keys = common.borrowed();
  options.trust = common.trust;
  options.channel = arguments.channel;
  options.arch = arguments.arch;
  options.kernel = arguments.kernel;
  options.initramfs = arguments.initramfs;
  options.rootfs = arguments.rootfs;
  options.device_trees = arguments.device_trees;
  options.cmdline = arguments.cmdline;
  options.providers = common.providers;
  options.lifetime = common.lifetime;
  if (arguments.version_given) options.release_version = arguments.release_version;
  if (!arguments.min_memory.empty()) {
    const auto size = parse_size(arguments.min_memory);
    if (!size) return size.error().in("--min-memory");
    options.min_memory = *size;
  }
  return options;
}

Result<Common> to_common(const Arguments& arguments) {
  Common common;
  for (const auto& path : arguments.secret_keys) {
    auto key = load_secret_key(path);
    if (!key) return key.error();
    common.keys.push_back(std::move(*key));
  }
  if (!arguments.trust.empty()) {
    auto base = read_base(arguments.trust);
    if (!base) return base.error();
    common.trust = std::move(*base);
  }
  for (const auto& text : arguments.providers) {
    auto provider = parse_provider(text);
    if (!provider) return provider.error();
    common.providers.push_back(*provider);
  }
  const auto lifetime = parse_lifetime(arguments.expires);
  if (!lifetime) return lifetime.error().in("--expires");
  common.lifetime = *lifetime;
  return common;
}

Result<RenewOptions> to_renewal(const Arguments& arguments, const Common& common) {
  RenewOptions options{.keys = common.borrowed(), .trust = common.trust, .lifetime = common.lifetime};
  if (!common.providers.empty()) options.providers = common.providers;
  if (!arguments.channel.empty()) options.channel = arguments.channel;
  if (!arguments.arch.empty()) {
    auto arch = normalise_arch(arguments.arch);
    if (!arch) return arch.error();
    options.arch = *arch;
  }
  return options;
}

int make_draft(Store& store, const Arguments& arguments, const Common& common) {
  Result<Draft> made = {ErrorCode::kInternal, "nothing was done"};
  if (arguments.renew) {
    const auto options = to_renewal(arguments, common);
    if (!options) return fail(kVerb, options.error());
    made = draft_renewal(store, system_clock(), *options);
  } else {
    const auto options = to_options(arguments, common);
    if (!options) return fail(kVerb, options.error());
    made = draft(store, system_clock(), *options);
  }
  if (!made) return fail(kVerb, made.error());
  if (auto done = write_new_document(arguments.draft, made->envelope); !done)
    return fail(kVerb, done.error());
  return print(kVerb, draft_text(*made, arguments.draft));
}

/// `paths`: copies of one draft, each signed by others.
Result<StoredRelease> publish_drafts(Store& store, const std::vector<std::string>& paths,
                                     const Common& common) {
  SignedDraftOptions options{.keys = common.borrowed(),
                             .trust = common.trust,
                             .envelope = {},
                             .providers = common.providers};
  for (const std::string& path : paths) {
    auto envelope = real_files().read_file(path, kMaxEnvelopeBytes);
    if (!envelope) return envelope.error();
    if (&path == &paths.front()) options.envelope = std::move(*envelope);
    else options.copies.push_back({path, std::move(*envelope)});
  }
  auto made = publish_signed(store, system_clock(), options);
  if (!made) return made.error().in(paths.front());
  return made;
}

Result<std::vector<StoredRelease>> make_releases(Store& store, const Arguments& arguments,
                                                 const Common& common) {
  if (arguments.renew) {
    const auto options = to_renewal(arguments, common);
    if (!options) return options.error();
    return renew(store, system_clock(), *options);
  }
  Result<StoredRelease> made = {ErrorCode::kInternal, "nothing was done"};
  if (!arguments.signed_drafts.empty()) {
    made = publish_drafts(store, arguments.signed_drafts, common);
    if (!made) return made.error();
  } else {
    const auto options = to_options(arguments, common);
    if (!options) return options.error();
    made = publish(store, system_clock(), *options);
    if (!made) return made.error();
  }
  std::vector<StoredRelease> out;
  out.push_back(std::move(*made));
  return out;
}

int run(const Arguments& arguments) {
  const auto common = to_common(arguments);
  if (!common) return fail(kVerb, common.error());
  auto store = Store::open(
      real_files(), {arguments.store.empty() ? default_store_path() : arguments.store, true});
  if (!store) return fail(kVerb, store.error());
  if (!arguments.draft.empty()) return make_draft(**store, arguments, *common);
  const auto made = make_releases(**store, arguments, *common);
  if (!made) return fail(kVerb, made.error());
  return print(kVerb, arguments.json ? published_json(**store, *made) : published_text(**store, *made));
}

void add_options(CLI::App& verb, Arguments& arguments) {
  verb.add_option("-a,--artifacts", arguments.store, "Store; default: this platform's");
  verb.add_option("--secret-key", arguments.secret_keys,
                  "Key file of plasmd keygen; several sign together. Without roles the first is the "
                  "publisher");
  verb.add_option("--trust", arguments.trust,
                  "Which chain of roots in the store decides: its key or a document of it");
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
  verb.add_option("--provider", arguments.providers,
                  "Names a provider in the pointer, ADDRESS:PORT or ADDRESS:PORT/HTTPPORT; several "
                  "times for several. With --renew they take the old ones' place")
      ->allow_extra_args(false);
  auto* renew = verb.add_flag("--renew", arguments.renew,
                              "Publish what is there again with a later expiry, or under another "
                              "pointer key, as the next release version")
                    ->excludes(kernel);
  auto* draft = verb.add_option("--draft", arguments.draft,
                                "Write the manifest there for others to sign (plasmd trust sign), and "
                                "publish nothing yet; with --renew too");
  verb.add_option("--signed", arguments.signed_drafts,
                  "Publish this draft, signed by enough keys; again for each copy that others signed")
      ->allow_extra_args(false)
      ->excludes(renew)
      ->excludes(draft)
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
      "Where keys are held by several people (docs/OPERATING.md, Roles):\n"
      "  plasmd publish -a /srv/store --channel stable --arch x86_64 --kernel vmlinuz \\\n"
      "    --initramfs node.cpio --draft stable.draft\n"
      "  plasmd publish -a /srv/store --secret-key pointer/secret.key --signed stable.draft\n"
      "  plasmd publish -a /srv/store --secret-key pointer/secret.key \\\n"
      "    --signed from-alice/stable.draft --signed from-bob/stable.draft\n"
      "Serve it with: plasmd serve -a /srv/store");
  add_options(*verb, *arguments);
  verb->callback([arguments, verb, &exit] {
    arguments->version_given = verb->count("--release-version") > 0;
    exit = run(*arguments);
  });
}

}  // namespace phase::node
