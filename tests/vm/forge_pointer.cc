// phase-forge-pointer: takes the pointer of a release that one key signed and puts it into the
// DHT under another key, whose secret it has. Prints "forged <n>" with the nodes that stored it.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "dht/resolve.h"
#include "dht/session.h"
#include "proto/keys.h"
#include "proto/pointer.h"

namespace {

using phase::Error;
using phase::Result;

Result<std::vector<phase::SignedItem>> forge(const std::map<std::string, std::string>& options) {
  auto signer = phase::parse_public_key(options.at("--signed-by"));
  if (!signer) return signer.error();
  std::ifstream file(options.at("--items"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  auto items = phase::decode_items(phase::as_bytes(bytes), *signer);
  if (!items) return items.error();
  auto key = phase::load_secret_key(options.at("--secret-key"));
  if (!key) return key.error();
  for (auto& item : *items) item = phase::sign_item(*key, item.salt, item.seq, item.value);
  return items;
}

Result<int> put(const std::vector<phase::SignedItem>& items, const std::string& bootstrap) {
  auto nodes = phase::dht::resolve_nodes({bootstrap}, std::chrono::seconds(5));
  if (!nodes) return nodes.error();
  phase::dht::SessionOptions options;
  options.network = phase::dht::NetworkKind::kPrivate;
  options.nodes = *nodes;
  options.incoming = false;
  auto session = phase::dht::Session::open(options);
  if (!session) return session.error();
  int stored = 0;
  std::size_t ended = 0;
  bool put_yet = false;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (ended < items.size() && std::chrono::steady_clock::now() < deadline) {
    for (const auto& event : (*session)->wait(std::chrono::milliseconds(200))) {
      if (std::holds_alternative<phase::dht::DhtReady>(event) && !put_yet) {
        put_yet = true;
        for (const auto& item : items) (*session)->put_item(item);
      }
      if (const auto* done = std::get_if<phase::dht::ItemStored>(&event)) {
        ++ended;
        stored += done->nodes;
      }
    }
  }
  if (stored > 0) return stored;
  return Error{phase::ErrorCode::kNoBootstrap, "no node stored the pointer"};
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  for (const char* name : {"--items", "--signed-by", "--secret-key", "--bootstrap"}) {
    if (options.contains(name)) continue;
    std::fprintf(stderr, "phase-forge-pointer: %s is missing\n", name);
    return 2;
  }
  auto items = forge(options);
  if (!items) {
    std::fprintf(stderr, "phase-forge-pointer: %s\n", items.error().detail.c_str());
    return phase::exit_code(items.error().code);
  }
  auto stored = put(*items, options.at("--bootstrap"));
  if (!stored) {
    std::fprintf(stderr, "phase-forge-pointer: %s\n", stored.error().detail.c_str());
    return phase::exit_code(stored.error().code);
  }
  std::printf("forged %d\n", *stored);
  return 0;
}
