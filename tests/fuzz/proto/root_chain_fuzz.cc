// Chains of root documents from anybody, in any order, with anything in between: a machine follows
// the documents that were signed and no other.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/root_samples.h"

namespace phase::fuzz {

std::vector<Bytes> seeds() {
  std::vector<Bytes> documents;
  for (std::uint64_t version = 2; version <= kLastSample; ++version) {
    documents.push_back(sample_document(version));
  }
  const std::vector<Bytes> backwards(documents.rbegin(), documents.rend());
  return {encode_root_chain(documents), encode_root_chain(backwards),
          encode_root_chain({documents[0], Bytes{}, documents[2]}), encode_root_chain({})};
}

void one(ByteView input) {
  const auto documents = decode_root_chain(input);
  if (!documents) {
    check(documents.error().code == ErrorCode::kMalformed, "a chain fails as malformed");
    return;
  }
  check(documents->size() <= kMaxRootSteps, "more documents than a run goes through");
  for (const Bytes& document : *documents) check(document.size() <= kMaxRootBytes, "a large one");
  check(*decode_root_chain(encode_root_chain(*documents)) == *documents, "another encoding differs");

  static const std::vector<Root> signed_roots = [] {
    std::vector<Root> out;
    for (std::uint64_t version = 1; version <= kLastSample; ++version) {
      out.push_back(sample_root(version));
    }
    return out;
  }();
  const FollowedRoots followed = follow_roots(signed_roots[0], *documents);
  check(followed.root.version == 1 + followed.accepted.size(), "steps and version");
  check(followed.root.version <= kLastSample &&
            followed.root == signed_roots[followed.root.version - 1],
        "a root was accepted that was never signed");
  check(followed.accepted.size() <= documents->size(), "more accepted than came");
}

}  // namespace phase::fuzz
