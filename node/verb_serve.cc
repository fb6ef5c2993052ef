#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "boot/http_url.h"
#include "boot/phase_folder.h"
#include "node/admin.h"
#include "node/config.h"
#include "node/network_options.h"
#include "node/own_rights.h"
#include "node/serve.h"
#include "node/serve_events.h"
#include "node/serve_handed.h"
#include "node/serve_tree.h"
#include "node/serve_unsigned.h"
#include "node/status.h"
#include "node/units.h"
#include "node/verbs.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "serve";
/// A node's snapshot for the admin endpoint is at most this old.
constexpr std::chrono::milliseconds kSnapshotEvery{1000};

struct Arguments {
  std::string store, state, bind, admin = "127.0.0.1:8081", secret_key, upload_limit, config, user;
  std::string handed_over;  ///< Folder; empty: none.
  std::uint16_t port = 8080, dht_port = 6881;
  unsigned look_every = 60, put_every = 0;
  std::vector<std::string> follow, mirrors;
  NetworkArguments network;
  unsigned max_peers = 500, max_peers_per_address = 0;
  bool is_unsigned = false, no_port_mapping = false;
};

Result<ServeOptions> to_options(const Arguments& arguments) {
  ServeOptions options;
  auto network = parse_network(arguments.network);
  if (!network) return network.error();
  for (const std::string& text : arguments.follow) {
    auto targets = parse_follow(text);
    if (!targets) return targets.error();
    options.follow.insert(options.follow.end(), targets->begin(), targets->end());
  }
  if (!arguments.upload_limit.empty()) {
    auto limit = parse_size(arguments.upload_limit);
    if (!limit) return limit.error().in("--upload-limit");
    options.upload_limit = *limit;
  }
  options.max_peers = arguments.max_peers;
  options.max_peers_per_address = arguments.max_peers_per_address;
  options.map_ports = !arguments.no_port_mapping;
  for (const std::string& mirror : arguments.mirrors) {
    if (auto url = boot::parse_http_url(mirror); !url) return url.error().in("--mirror");
    options.mirrors.push_back(mirror);
  }
  options.bind = arguments.bind;
  options.http_port = arguments.port;
  options.peer_port = arguments.dht_port;
  options.use_dht = network->use_dht;
  options.bootstrap = network->bootstrap;
  options.network = network->kind;
  options.look_every = std::chrono::seconds(arguments.look_every);
  options.put_every = std::chrono::seconds(arguments.put_every);
  options.use_lan = network->use_lan;
  options.mode = network->mode;
  return options;
}

void announce_line(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void add_options(CLI::App& verb, Arguments& arguments) {
  verb.add_option("--config", arguments.config, "TOML file; keys are the long options without dashes");
  verb.add_option("-a,--artifacts", arguments.store, "Store, or a plain tree of boot files");
  verb.add_option("--state", arguments.state, "Store of the releases made from a plain tree");
  verb.add_option("-p,--port", arguments.port, "HTTP port")->capture_default_str();
  verb.add_option("--bind", arguments.bind, "Address to listen on; default: all");
  verb.add_option("--dht-port", arguments.dht_port, "Port of peers (TCP) and DHT (UDP)")
      ->capture_default_str();
  verb.add_option("--follow", arguments.follow, "PUBKEY[/channel[/arch]], or FILE[:channel[:arch]] of a key, root "
                  "document or trust file; several times");
  auto* handed =
      verb.add_option("--handed-over", arguments.handed_over,
                  "Serve the release that this system was booted by from where the boot left it, and "
                  "follow its publisher; the folder is /phase where none is named")
      ->expected(0, 1)
      ->default_str(boot::kHandoverFolder)
      ->type_name("[DIR]");
  verb.add_option("--follow-interval", arguments.look_every,
                  "Seconds between looks for a newer release")
      ->capture_default_str()
      ->check(CLI::Range(1, 86400));
  verb.add_option("--put-interval", arguments.put_every,
                  "Seconds between puts of a pointer and announces of a release, for a private DHT "
                  "that forgets sooner than others; 0: 25 and 15 minutes")
      ->capture_default_str()
      ->check(CLI::Range(0, 86400));
  auto* key = verb.add_option("--secret-key", arguments.secret_key, "Signs what lies in a plain tree");
  verb.add_flag("--unsigned", arguments.is_unsigned, "A plain tree over plain HTTP, nothing else")
      ->excludes(key)
      ->excludes(handed);
  verb.add_option("--mirror", arguments.mirrors,
                  "http:// URL of a web server with the same /release/ folder, to name in release.meta4; "
                  "several times");
  verb.add_option("--upload-limit", arguments.upload_limit, "Bytes per second, e.g. 2M");
  verb.add_option("--max-peers", arguments.max_peers, "Connections of peers, over all releases")
      ->capture_default_str()
      ->check(CLI::Range(2, 65000));
  verb.add_option("--max-peers-per-address", arguments.max_peers_per_address,
                  "Of these, with one address; 0: any number (many machines may have one)")
      ->capture_default_str();
  verb.add_flag("--no-port-mapping", arguments.no_port_mapping,
                "Ask no router to let strangers in (UPnP, NAT-PMP, PCP); on the public network it is "
                "asked otherwise");
  verb.add_option("--admin", arguments.admin, "Loopback address of the admin endpoint, or none")
      ->capture_default_str();
  verb.add_option("--user", arguments.user,
                  "As root: become this user first; default: phase, where there is one whose the "
                  "store is");
  add_network_options(verb, arguments.network);
  add_mode_options(verb, arguments.network, false);
}

/// Reads the configuration file again and follows what it names now. Ports and addresses take a
/// restart; the log says so.
void reload_config(const std::string& file, Node& node, const Log& log) {
  if (file.empty()) return log.info("nothing to reload: no --config was given");
  Arguments fresh;
  CLI::App verb;
  add_options(verb, fresh);
  auto applied = apply_config(verb, file);
  if (!applied) return log.error("configuration not taken", applied.error());
  auto options = to_options(fresh);
  if (!options) return log.error("configuration not taken", options.error());
  node.follow(options->follow);
  log.info("configuration read again; new channels are followed, anything else needs a restart",
           {{"file", file}});
}

/// A connection, a peer and a served file take a descriptor each; the usual soft limit of 1024
/// would end them all at the provider's own caps.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<std::unique_ptr<AdminServer>> open_admin(const std::string& at) {
  if (at == "none") return std::unique_ptr<AdminServer>();
  const auto endpoint = parse_endpoint(at);
  if (!endpoint) return Error{ErrorCode::kUsage, "--admin " + at + ": expected ADDRESS:PORT or none"};
  return AdminServer::open(*endpoint);
}

void loop(const Arguments& arguments, Node& node, ServeEvents& events, ServeTree* tree,
          AdminServer* admin, const Log& log) {
  MonoTime snapshot_due = system_clock().now();
  while (!events.ended()) {
    node.step(kSnapshotEvery);
    if (events.take_reload()) reload_config(arguments.config, node, log);
    const bool tree_published = tree != nullptr && tree->tick(system_clock().now());
    if (events.take_published() || tree_published) node.reload();
    if (admin == nullptr || system_clock().now() < snapshot_due) continue;
    admin->set({status_json(node, system_clock().wall()), metrics_text(node, system_clock().wall())});
    snapshot_due = system_clock().now() + kSnapshotEvery;
  }
}

bool is_low(std::uint16_t port) { return port > 0 && port < 1024; }

std::string folder_of(const std::string& file) {
  return std::filesystem::absolute(file).parent_path().string();
}

/// The last step before the first socket.
void confine(const Arguments& arguments, OwnFiles files, const Log& log) {
  if (!arguments.config.empty()) files.read.push_back(folder_of(arguments.config));
  announce_line(give_up_rights(files, log));
}

Result<void> serve(Arguments arguments) {
  ServeEvents events;  // first: it blocks the signals for every thread that follows
  raise_descriptor_limit();
  const Log log(system_clock());
  std::optional<HandedPapers> papers;
  if (!arguments.handed_over.empty()) {
    auto taken = take_papers(arguments.handed_over, !arguments.follow.empty(), arguments.network, log);
    if (!taken) return taken.error();
    papers = std::move(*taken);
  }
  auto options = to_options(arguments);
  if (!options) return options.error();
  const bool has_others = !options->follow.empty();
  if (papers) go_by_papers(*papers, *options);
  const std::string folder = arguments.store.empty() ? default_store_path() : arguments.store;
  const bool is_tree = looks_like_tree(real_files(), folder);
  const std::string store_path =
      !is_tree ? folder : arguments.state.empty() ? default_store_path() : arguments.state;
  auto become = become_user({arguments.user, arguments.is_unsigned ? "" : store_path,
                             is_low(arguments.port) || is_low(arguments.dht_port)},
                            log);
  if (!become) return become;
  if (arguments.is_unsigned) {
    HttpProviderOptions http;
    http.port = arguments.port;
    if (!arguments.bind.empty()) {
      const auto at = parse_address(arguments.bind, arguments.port);
      if (!at) return {ErrorCode::kUsage, "--bind " + arguments.bind + " is no address"};
      http.listen.push_back(*at);
    }
    confine(arguments, {.read = {folder}, .write = {}}, log);
    return serve_unsigned(folder, http, events, log, announce_line);
  }
  auto store = Store::open(real_files(), {store_path});
  if (!store) return store.error();

  std::unique_ptr<ServeTree> tree;
  if (is_tree) {
    auto opened = ServeTree::open(**store, system_clock(), log,
                                  {folder, arguments.secret_key});
    if (!opened) return opened.error();
    tree = std::move(*opened);
    announce_line("boot with phase.key=" + tree->public_key().hex());
    tree->publish_now();
  }
  OwnFiles files{.read = {folder}, .write = {store_path}};
  if (papers) files.read.push_back(papers->folder);
  confine(arguments, std::move(files), log);
  // Strangers' bytes as far as anybody knows, so only now.
  if (papers) {
    auto served = serve_handed(*papers, has_others, **store, system_clock().wall(), log, announce_line);
    if (!served) return served;
  }
  auto node = Node::open(**store, system_clock(), system_random(), log, *options, announce_line);
  if (!node) return node.error();
  auto admin = open_admin(arguments.admin);
  if (!admin) return admin.error();
  if (*admin) announce_line("listening admin=" + (*admin)->listening().text());
  Node* running = node->get();
  auto watching = events.start({store_path + "/pointers", store_path + "/trust"},
                               [running] { running->wake(); });
  if (!watching) return watching.error();

  loop(arguments, **node, events, tree.get(), admin->get(), log);
  log.info("ending: connections are closed, nothing is announced any more");
  (*node)->close();
  return {};
}

int run(const Arguments& arguments) {
  auto done = serve(arguments);
  return done ? 0 : fail(kVerb, done.error());
}

}  // namespace

void add_serve(CLI::App& app, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      kVerb, "Run a provider: serve releases to machines and keep the channels you follow fresh");
  verb->footer(
      "Examples:\n"
      "  plasmd serve --follow PUBKEY/stable/x86_64          provide somebody's channel\n"
      "  plasmd serve -a /srv/store                          serve what plasmd publish put there\n"
      "  plasmd serve -a /srv/boot -p 8080                   a plain tree stable/x86_64/{kernel,"
      "initramfs}:\n"
      "                                                      signed with a key of this node's own\n"
      "  plasmd serve --handed-over                          what this system was booted by, from "
      "/phase\n"
      "SIGHUP reads the configuration again, SIGTERM ends cleanly.");
  add_options(*verb, *arguments);
  verb->callback([verb, arguments, &exit] {
    if (!arguments->config.empty()) {
      if (auto applied = apply_config(*verb, arguments->config); !applied) {
        exit = fail(kVerb, applied.error());
        return;
      }
    }
    exit = run(*arguments);
  });
}

}  // namespace phase::node
