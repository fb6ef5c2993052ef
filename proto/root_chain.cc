#include "proto/root_chain.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <utility>

#include "phase.pb.h"
#include "proto/envelope.h"

namespace phase {
namespace {

Error malformed(const std::string& detail) {
  return {ErrorCode::kMalformed, "root chain: " + detail};
}

}  // namespace

Bytes encode_root_chain(const std::vector<Bytes>& documents) {
  wire::RootChain chain;
  for (const Bytes& document : documents) chain.add_documents(document.data(), document.size());
  const std::string text = chain.SerializeAsString();
  return {text.begin(), text.end()};
}

// By hand: a message of 4 MiB can hold two million empty documents, and protobuf would make an object
// of each before they could be counted.
Result<std::vector<Bytes>> decode_root_chain(ByteView untrusted) {
  // Each document has a few bytes around it.
  constexpr std::size_t kMost = kMaxRootChainBytes + kMaxRootSteps * 8;
  constexpr std::uint32_t kDocumentTag = wire::RootChain::kDocumentsFieldNumber << 3 | 2;
  if (untrusted.size() > kMost) return malformed("over " + std::to_string(kMost) + " bytes");
  google::protobuf::io::CodedInputStream in(untrusted.data(), static_cast<int>(untrusted.size()));
  std::vector<Bytes> documents;
  while (in.CurrentPosition() < static_cast<int>(untrusted.size())) {
    std::uint32_t size = 0;
    if (in.ReadTag() != kDocumentTag || !in.ReadVarint32(&size)) {
      return malformed("cannot be decoded");
    }
    if (size > kMaxRootBytes) {
      return malformed("a document over " + std::to_string(kMaxRootBytes) + " bytes");
    }
    if (documents.size() == kMaxRootSteps) {
      return malformed("over " + std::to_string(kMaxRootSteps) + " documents");
    }
    Bytes document(size);
    if (!in.ReadRaw(document.data(), static_cast<int>(size))) return malformed("is cut off");
    documents.push_back(std::move(document));
  }
  return documents;
}

Result<Signed<Root>> decode_signed_root(ByteView untrusted) {
  if (untrusted.size() > kMaxRootBytes) {
    return Error{ErrorCode::kMalformed, "root: over " + std::to_string(kMaxRootBytes) + " bytes"};
  }
  auto view = decode_envelope(untrusted);
  if (!view) return view.error().in("root");
  if (view->payload_type != kRootType) {
    return Error{ErrorCode::kMalformed,
                 "root: the envelope holds " + view->payload_type + ", expected " + kRootType};
  }
  auto root = decode_root(view->payload);
  if (!root) return root.error();
  return Signed<Root>{.document = *std::move(root),
                      .message = pre_authentication_encoding(kRootType, view->payload),
                      .signatures = std::move(view->signatures)};
}

namespace {

/// Whoever may name the next root has signed it, and only then is it parsed. `claimed`: 0 or the
/// version that it claims; what cannot be the next one is not worth a look at its signatures.
Result<void> take_step(TrustEngine& engine, ByteView untrusted, std::uint64_t claimed) {
  const std::uint64_t current = engine.root().version;
  if (claimed != 0 && claimed != current + 1) {
    return {claimed <= current ? ErrorCode::kRollback : ErrorCode::kMissingRoot,
            "root version " + std::to_string(claimed) + " came, " + std::to_string(current + 1) +
                " is the next one"};
  }
  if (untrusted.size() > kMaxRootBytes) return malformed("a document is too large");
  const auto view = decode_envelope(untrusted);
  if (!view) return view.error().in("root");
  const Bytes message = pre_authentication_encoding(kRootType, view->payload);
  if (auto signers = check_signers(message, view->signatures, engine.root().root); !signers) {
    return signers.error().in("root, by the keys of version " +
                              std::to_string(engine.root().version));
  }
  const auto next = decode_signed_root(untrusted);
  if (!next) return next.error();
  return engine.advance(*next);
}

/// Which version a document says that it is; 0 where it says none. Nobody's word: it decides which
/// documents are tried, in which order, and nothing else.
std::uint64_t claimed_version(ByteView untrusted) {
  const auto view = decode_envelope(untrusted);
  if (!view || view->payload.size() > kMaxRootBytes) return 0;
  google::protobuf::io::CodedInputStream in(view->payload.data(),
                                            static_cast<int>(view->payload.size()));
  std::uint64_t format = 0;
  std::uint64_t version = 0;
  // The canonical encoding begins with these two fields.
  const bool said = in.ReadTag() == wire::Root::kFormatFieldNumber << 3 && in.ReadVarint64(&format) &&
                    in.ReadTag() == wire::Root::kVersionFieldNumber << 3 &&
                    in.ReadVarint64(&version);
  return said ? version : 0;
}

}  // namespace

FollowedRoots follow_roots(const Root& from, const std::vector<Bytes>& untrusted) {
  FollowedRoots out{.root = from, .accepted = {}, .refused = std::nullopt};
  auto engine = TrustEngine::begin(from, WallTime{});  // no step asks for the time
  if (!engine) {
    out.refused = engine.error();
    return out;
  }
  std::vector<std::pair<std::uint64_t, const Bytes*>> ordered;
  for (const Bytes& document : untrusted) ordered.emplace_back(claimed_version(document), &document);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::uint64_t same = 0;
  int tries = 0;
  for (const auto& [version, document] : ordered) {
    tries = version == same ? tries + 1 : 1;
    same = version;
    if (tries > kMaxRivals) continue;
    if (auto step = take_step(*engine, *document, version); step) {
      out.accepted.push_back(*document);
    } else if (!out.refused) {
      out.refused = step.error();
    }
  }
  out.root = engine->root();
  return out;
}

}  // namespace phase
