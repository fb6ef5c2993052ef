#include <CLI/CLI.hpp>
#include <memory>

#include "node/store.h"
#include "node/trust_files.h"
#include "node/trust_verbs.h"
#include "node/verbs.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "trust install";

struct Arguments {
  std::string store, base;
  std::vector<std::string> documents;
};

/// What the chain begins with: as said, else the chain of the store that the first document goes on
/// from, else that document where it is a version 1.
Result<TrustBase> begin_of(const Arguments& arguments, const Store& store,
                           const std::vector<Bytes>& documents) {
  if (!arguments.base.empty()) {
    auto base = read_base(arguments.base);
    if (!base) return base.error().in("--base");
    return base;
  }
  for (const StoredChain& chain : store.chains()) {
    if (!follow_roots(chain.current(), documents).accepted.empty()) return chain.base;
  }
  auto first = decode_base(documents.front());
  if (!first) return first.error();
  const auto document = decode_signed_root(documents.front());
  if (first->root.version != 1 || !document)
    return {ErrorCode::kUsage, "say with --base what the machines trust that are to follow: a public "
                               "key or a root document"};
  const auto own = check_signers(document->message, document->signatures, first->root.root);
  if (!own) return Error{ErrorCode::kMissingSignature, own.error().detail};
  return first;
}

Result<std::string> act(const Arguments& arguments) {
  auto store = Store::open(
      real_files(), {arguments.store.empty() ? default_store_path() : arguments.store, true});
  if (!store) return store.error();
  std::vector<Bytes> documents;
  for (const std::string& path : arguments.documents) {
    auto document = real_files().read_file(path, kMaxRootBytes);
    if (!document) return document.error();
    if (auto root = decode_signed_root(*document); !root) return root.error().in(path);
    documents.push_back(std::move(*document));
  }
  const auto base = begin_of(arguments, **store, documents);
  if (!base) return base.error();
  const StoredChain* known = (*store)->chain_from(base->root);
  const Root& from = known != nullptr ? known->current() : base->root;
  // What the store holds already is nothing new; any other document must be a step.
  std::vector<Bytes> unknown;
  for (const Bytes& document : documents) {
    const Root root = decode_signed_root(document)->document;
    if (root != base->root && (known == nullptr || !known->holds(root))) unknown.push_back(document);
  }
  const FollowedRoots followed = follow_roots(from, unknown);
  if (followed.refused) return *followed.refused;
  if (auto done = (*store)->add_roots(*base, documents, true); !done) return done.error();
  const StoredChain* chain = (*store)->chain_from(base->root);
  if (chain == nullptr) return {ErrorCode::kUsage, "nothing came after the base"};
  return "trust         root version " + std::to_string(chain->current().version) + " of chain " +
         chain->base.root.name() + "\nfolder        " + (*store)->path() + "/trust/" + chain->folder +
         "\nnew           " + std::to_string(followed.accepted.size()) + " documents\n";
}

int run(const Arguments& arguments) {
  const auto text = act(arguments);
  return text ? print(kVerb, *text) : fail(kVerb, text.error());
}

}  // namespace

void add_trust_install(CLI::App& group, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = group.add_subcommand(
      "install", "Put signed root documents into a store: publish goes by them, serve passes them on");
  verb->footer(
      "Refuses what is no correct step from what the store holds, or from --base.\nExample:\n"
      "  plasmd trust install -a /srv/store --base phase.pub 2.root.dsse");
  verb->add_option("-a,--artifacts", arguments->store, "Store; default: this platform's");
  verb->add_option("--base", arguments->base,
                   "What the machines in the field trust: public key, root document or trust file");
  verb->add_option("documents", arguments->documents, "Root documents")->required();
  verb->callback([arguments, &exit] { exit = run(*arguments); });
}

}  // namespace phase::node
