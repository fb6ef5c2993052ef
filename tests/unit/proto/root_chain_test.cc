// Goal: chains of root documents come from anybody; what is read from one is bounded and nothing in it
// is believed. Method: containers at and above each limit, and documents that are no roots.
#include "proto/root_chain.h"

#include "tests/unit/proto/roots.h"

namespace phase {
namespace {

using test::company_root;
using test::next_of;
using test::signed_root;
using testing::HasSubstr;

TEST(RootChain, IsWhatWasEncoded) {
  const std::vector<Bytes> documents = {Bytes{1, 2, 3}, {}, Bytes(kMaxRootBytes, 7)};
  EXPECT_EQ(*decode_root_chain(encode_root_chain(documents)), documents);
  EXPECT_TRUE(decode_root_chain({})->empty());
  EXPECT_EQ(to_hex(encode_root_chain({Bytes{1, 2, 3}, Bytes{}})), "0a030102030a00");
}

TEST(RootChain, TakesEachLimitAndNotOneMore) {
  std::vector<Bytes> most(kMaxRootSteps, Bytes(kMaxRootBytes, 7));
  EXPECT_EQ(decode_root_chain(encode_root_chain(most))->size(), 256u);
  const auto larger = decode_root_chain(encode_root_chain({Bytes(kMaxRootBytes + 1)}));
  EXPECT_ERROR(larger, ErrorCode::kMalformed);
  EXPECT_THAT(larger.error().detail, HasSubstr("a document over 16384 bytes"));
  const auto more = decode_root_chain(encode_root_chain(std::vector<Bytes>(257)));
  EXPECT_ERROR(more, ErrorCode::kMalformed);
  EXPECT_THAT(more.error().detail, HasSubstr("over 256 documents"));
  EXPECT_ERROR(decode_root_chain(Bytes(kMaxRootChainBytes + kMaxRootSteps * 8 + 1)),
               ErrorCode::kMalformed);
}

// Two bytes make a document of none: what could be two million objects is refused at the 257th.
TEST(RootChain, DoesNotCountMillionsOfEmptyDocuments) {
  Bytes many;
  for (int i = 0; i < 2'000'000; ++i) many.insert(many.end(), {0x0a, 0x00});
  EXPECT_ERROR(decode_root_chain(many), ErrorCode::kMalformed);
}

TEST(RootChain, RefusesWhatIsNoChain) {
  const Bytes good = encode_root_chain({Bytes(300, 1), Bytes(5, 2)});
  for (const std::size_t size : {1U, 2U, 3U, 200U, 302U, 304U, 305U, 309U}) {
    EXPECT_ERROR(decode_root_chain(ByteView(good).first(size)), ErrorCode::kMalformed) << size;
  }
  for (const Bytes& bad : {Bytes{0x12, 0}, Bytes{0x08, 1}, Bytes{0}, Bytes{0x0a, 0xff, 0xff, 0xff,
                           0xff, 0x0f}, Bytes{0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                           0x80, 0x80, 0x01}, Bytes{0x0b, 0x0c}}) {
    EXPECT_ERROR(decode_root_chain(bad), ErrorCode::kMalformed) << to_hex(bad);
  }
}

TEST(RootChain, DecodesOneDocumentWithWhatItsSignaturesAreOver) {
  const Root root = company_root();
  const auto document = decode_signed_root(signed_root(root, {1, 2}));
  ASSERT_TRUE(document.ok()) << document.error().detail;
  EXPECT_EQ(document->document, root);
  EXPECT_EQ(document->message, test::message_of(root));
  EXPECT_TRUE(check_signers(document->message, document->signatures, root.root).ok());
}

TEST(RootChain, RefusesADocumentThatIsNoRoot) {
  EXPECT_ERROR(decode_signed_root({}), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_signed_root(as_bytes("garbage")), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_signed_root(Bytes(kMaxRootBytes + 1)), ErrorCode::kMalformed);
  const SecretKey signer = test::key(1);
  const auto other = decode_signed_root(sign_envelope("text/plain", as_bytes("x"), {&signer}));
  EXPECT_ERROR(other, ErrorCode::kMalformed);
  EXPECT_THAT(other.error().detail, HasSubstr("the envelope holds text/plain"));
  EXPECT_ERROR(decode_signed_root(sign_envelope(kRootType, as_bytes("x"), {&signer})),
               ErrorCode::kMalformed);
}

TEST(RootChain, FollowsInWhateverOrderTheyCome) {
  Root root = company_root();
  std::vector<Bytes> documents;
  for (int i = 0; i < 12; ++i) {
    root = next_of(root);
    documents.push_back(signed_root(root, {1, 2}));
  }
  const auto straight = follow_roots(company_root(), documents);
  EXPECT_EQ(straight.root.version, 13u);
  EXPECT_EQ(straight.accepted, documents);
  EXPECT_FALSE(straight.refused.has_value());
  // As a folder lists them: 10, 11, 12, 13, 2, 3, ...
  std::vector<Bytes> listed(documents.begin() + 8, documents.end());
  listed.insert(listed.end(), documents.begin(), documents.begin() + 8);
  EXPECT_EQ(follow_roots(company_root(), listed).accepted, documents);
  EXPECT_EQ(follow_roots(company_root(), {documents.rbegin(), documents.rend()}).accepted, documents);
}

TEST(RootChain, PassesOverWhatIsNoStepAndSaysWhy) {
  const Bytes second = signed_root(next_of(company_root()), {1, 2});
  Root third = next_of(next_of(company_root()));
  Root evil = next_of(company_root());
  evil.release = {test::grant({66})};
  const std::vector<Bytes> documents = {
      Bytes{},
      Bytes(kMaxRootBytes + 1),
      Bytes{'g', 'a', 'r'},
      signed_root(evil, {1, 66}),
      signed_root(company_root(), {1, 2}),
      test::signed_manifest(test::manifest(), {1, 2}),
      second,
      second,
      signed_root(third, {2, 3})};
  const auto followed = follow_roots(company_root(), documents);
  EXPECT_EQ(followed.root, third);
  EXPECT_EQ(followed.accepted, (std::vector<Bytes>{second, documents.back()}));
  ASSERT_TRUE(followed.refused.has_value());
  EXPECT_EQ(followed.refused->code, ErrorCode::kMalformed);
}

// Anybody can make up thousands of next roots; what each costs is bounded, and so is their number.
TEST(RootChain, TriesAFewRivalsOfOneVersionAndGoesOnFromTheNext) {
  Root evil = next_of(company_root());
  evil.release = {test::grant({66})};
  std::vector<Bytes> documents(kMaxRivals - 1, signed_root(evil, {1, 66}));
  documents.push_back(signed_root(next_of(company_root()), {1, 2}));
  EXPECT_EQ(follow_roots(company_root(), documents).root.version, 2u);
  documents.insert(documents.begin(), documents.front());
  EXPECT_EQ(follow_roots(company_root(), documents).root.version, 1u);
  EXPECT_EQ(follow_roots(company_root(), {documents.back()}).root.version, 2u);
}

TEST(RootChain, SaysWhichVersionIsMissingThoughItsKeysAreUnknown) {
  Root far = company_root();
  far.version = 9;
  far.root = test::role({7, 8});
  const auto followed = follow_roots(company_root(), {signed_root(far, {7})});
  ASSERT_TRUE(followed.refused.has_value());
  EXPECT_EQ(followed.refused->code, ErrorCode::kMissingRoot);
  EXPECT_EQ(followed.refused->detail, "root version 9 came, 2 is the next one");
}

TEST(RootChain, BeginsNowhereWithoutARootThatKeepsItsRules) {
  const auto followed = follow_roots(Root{}, {signed_root(company_root(), {1, 2})});
  EXPECT_TRUE(followed.accepted.empty());
  ASSERT_TRUE(followed.refused.has_value());
  EXPECT_EQ(followed.refused->code, ErrorCode::kConfig);
}

// A payload that its old keys signed and that is no root: parsed, refused, passed over.
TEST(RootChain, ASignedPayloadThatIsNoRootIsPassedOver) {
  const SecretKey first = test::key(1);
  const SecretKey second = test::key(2);
  for (const Bytes& payload : {Bytes{'g', 'a', 'r'}, Bytes{0x08}, Bytes{0x08, 1}, Bytes{0x08, 1, 0x10},
                               Bytes{0x08, 1, 0x10, 2}, Bytes{0x08, 1, 0x10, 0x80}}) {
    const auto followed = follow_roots(
        company_root(), {sign_envelope(kRootType, payload, {&first, &second})});
    ASSERT_TRUE(followed.refused.has_value());
    EXPECT_EQ(followed.refused->code, ErrorCode::kMalformed) << to_hex(payload);
  }
  const auto large = follow_roots(
      company_root(), {sign_envelope(kRootType, Bytes(kMaxRootBytes + 9), {&first, &second})});
  EXPECT_EQ(large.refused->code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace phase
