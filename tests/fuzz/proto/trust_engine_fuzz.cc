// The trust engine against people who have keys. The input is a play: a publisher makes roots and
// releases, attackers make and alter theirs and mix everybody's signatures, and all of it is offered
// to one machine in any order. Attackers hold keys of their own and one of the publisher's, which is
// below the threshold of every role that the publisher ever makes. Held to, at each offer:
//   - what the machine decides is what the model (trust_model.h) decides, both ways;
//   - nothing that the publisher did not write is ever accepted;
//   - a refusal changes nothing.
#include <algorithm>
#include <memory>
#include <random>

#include "proto/envelope.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"
#include "tests/fuzz/proto/trust_model.h"

namespace phase::fuzz {
namespace {

constexpr int kMaxOperations = 64;
constexpr std::size_t kMaxPool = 24;
const char* const kChannels[] = {"stable", "beta"};
const char* const kArchs[] = {"x86_64", "aarch64"};

/// The bytes of an input, one after the other; zeros behind its end.
class Script {
 public:
  explicit Script(ByteView input) : input_(input) {}
  [[nodiscard]] bool over() const { return at_ >= input_.size(); }
  std::uint8_t byte() { return over() ? 0 : input_[at_++]; }
  std::size_t below(std::size_t bound) { return byte() % bound; }
  bool flip() { return (byte() & 1U) != 0; }

 private:
  ByteView input_;
  std::size_t at_ = 0;
};

class Play {
 public:
  explicit Play(ByteView input) : script_(input), stolen_(script_.below(kHonestKeys)) {
    first_.root = role(0x0f, 2);
    first_.release = {everywhere(role(0x3c, 2))};
    first_.pointer = {everywhere(role(0x40, 1))};
    latest_ = first_;
    begin();
  }

  void run() {
    for (int i = 0; i < kMaxOperations && !script_.over(); ++i) {
      switch (script_.below(10)) {
        case 0: publish_root(); break;
        case 1: publish_release(); break;
        case 2: forge_root(); break;
        case 3: forge_release(); break;
        case 4: tamper(roots_); break;
        case 5: tamper(releases_); break;
        case 6: case 7: if (!roots_.empty()) offer(any(roots_)); break;
        case 8: if (!releases_.empty()) offer(any(releases_)); break;
        case 9: begin(); break;
      }
    }
  }

 private:
  static Grant everywhere(RoleKeys signers) {
    return {.channels = {}, .archs = {}, .signers = std::move(signers)};
  }

  [[nodiscard]] RoleKeys role(unsigned mask, std::int64_t threshold) const {
    RoleKeys out{.keys = {}, .threshold = threshold};
    for (std::size_t i = 0; i < kKeys; ++i) {
      if ((mask >> i & 1U) != 0) out.keys.push_back(ledger_.key(i));
    }
    return out;
  }

  /// A role of the publisher's: some of its keys, and a threshold that the thief alone cannot meet.
  RoleKeys honest_role(std::size_t most) {
    RoleKeys out = role(script_.byte(), 1);
    if (out.keys.size() < 2) out = role(0xff, 1);
    if (out.keys.size() > most) out.keys.resize(most);
    const std::size_t least = 2;
    out.threshold = static_cast<std::int64_t>(least + script_.below(out.keys.size() - least + 1));
    return out;
  }

  Grant scoped(RoleKeys signers) {
    Grant out = everywhere(std::move(signers));
    if (script_.flip()) out.channels = {kChannels[script_.below(2)]};
    if (script_.flip()) out.archs = {kArchs[script_.below(2)]};
    return out;
  }

  /// Mostly at once to the machine as well.
  template <class Document>
  void keep(std::vector<Signed<Document>>& pool, Signed<Document> made) {
    if (script_.below(4) != 0) offer(made);
    if (pool.size() < kMaxPool) pool.push_back(std::move(made));
    else pool[script_.below(pool.size())] = std::move(made);
  }

  /// Every other time the newest.
  template <class Document>
  const Signed<Document>& any(const std::vector<Signed<Document>>& pool) {
    return script_.flip() ? pool.back() : pool[script_.below(pool.size())];
  }

  template <class Document>
  Signed<Document> unsigned_of(Document document) const {
    Bytes message = message_of(document);
    return {.document = std::move(document), .message = std::move(message), .signatures = {}};
  }

  /// Every publisher's key of `role` signs.
  void sign(Bytes& message, const RoleKeys& role, std::vector<SignatureEntry>& out) {
    for (std::size_t i = 0; i < kHonestKeys; ++i) {
      if (std::count(role.keys.begin(), role.keys.end(), ledger_.key(i)) > 0) {
        out.push_back(ledger_.sign(i, message));
      }
    }
  }

  void publish_root() {
    Root next = latest_;
    ++next.version;
    next.expires = WallTime{script_.flip() ? 0 : 50 + script_.byte()};
    next.counter += script_.below(2);
    if (script_.flip()) next.root = honest_role(8);
    if (script_.flip()) {
      next.release = {scoped(honest_role(8)), scoped(honest_role(8))};
      if (script_.flip()) next.release.pop_back();
    }
    if (script_.flip()) {
      next.floors = {{.channel = script_.flip() ? "" : kChannels[script_.below(2)],
                      .arch = script_.flip() ? "" : kArchs[script_.below(2)],
                      .release_version = 1 + script_.below(8)}};
    }
    Signed<Root> offer = unsigned_of(next);
    sign(offer.message, latest_.root, offer.signatures);
    sign(offer.message, next.root, offer.signatures);
    written_.insert(offer.message);
    latest_ = next;
    keep(roots_, std::move(offer));
  }

  Manifest release() {
    Manifest out = manifest();
    out.channel = kChannels[script_.below(2)];
    out.arch = kArchs[script_.below(2)];
    out.release_version = 1 + script_.below(8);
    out.created = WallTime{0};
    out.expires = WallTime{script_.flip() ? 0 : 1 + script_.byte()};
    return out;
  }

  void publish_release() {
    Signed<Manifest> offer = unsigned_of(release());
    for (const Grant& grant : latest_.release) {
      if (!grant.channels.empty() && grant.channels[0] != offer.document.channel) continue;
      if (!grant.archs.empty() && grant.archs[0] != offer.document.arch) continue;
      sign(offer.message, grant.signers, offer.signatures);
      written_.insert(offer.message);
      keep(releases_, std::move(offer));
      return;
    }
  }

  /// The attackers' own keys and the one that they stole, some of them more than once.
  template <class Document>
  void attackers_sign(Signed<Document>& offer) {
    for (std::size_t i = 0; i < 6; ++i) {
      if (!script_.flip()) continue;
      const std::size_t who = i < 3 ? kHonestKeys + i : stolen_;
      offer.signatures.push_back(ledger_.sign(who, offer.message));
    }
  }

  void forge_root() {
    Root evil = roots_.empty() ? latest_ : any(roots_).document;
    if (script_.flip()) evil = machine_->root();
    evil.version += script_.byte() - 1;
    for (int edits = 1 + static_cast<int>(script_.below(3)); edits > 0; --edits) alter(evil);
    Signed<Root> offer = unsigned_of(evil);
    attackers_sign(offer);
    keep(roots_, std::move(offer));
  }

  void alter(Root& root) {
    static constexpr std::int64_t kThresholds[] = {0, -1, 1, 2, 3, 1LL << 31, INT64_MIN, INT64_MAX};
    RoleKeys* role = &root.root;
    const bool of_release = script_.flip();
    if (of_release && !root.release.empty()) role = &root.release[0].signers;
    switch (script_.below(10)) {
      case 0: role->threshold = kThresholds[script_.below(8)]; break;
      case 1: role->keys.push_back(ledger_.key(kHonestKeys + script_.below(3))); break;
      case 2: role->keys = {ledger_.key(kHonestKeys), ledger_.key(kHonestKeys + 1)}; break;
      case 3: role->keys.push_back(ledger_.key(stolen_)); break;
      case 4: role->keys.clear(); break;
      case 5: root.version = script_.flip() ? 0 : UINT64_MAX; break;
      case 6: root.counter -= script_.below(3); break;
      case 7: root.release.insert(root.release.begin(), everywhere(this->role(0x700, 1))); break;
      case 8: root.pointer = {everywhere(this->role(script_.byte(), kThresholds[script_.below(8)]))};
        break;
      case 9: root.expires = WallTime{-1}; break;
    }
  }

  void forge_release() {
    Signed<Manifest> offer = unsigned_of(release());
    attackers_sign(offer);
    keep(releases_, std::move(offer));
  }

  /// Signatures of one document among those of another; renamed, altered, dropped, repeated.
  template <class Document>
  void tamper(std::vector<Signed<Document>>& pool) {
    if (pool.empty()) return;
    Signed<Document> offer = any(pool);
    auto& list = offer.signatures;
    for (int edits = 1 + static_cast<int>(script_.below(4)); edits > 0; --edits) {
      const std::size_t at = list.empty() ? 0 : script_.below(list.size());
      const std::size_t who = script_.below(kKeys);
      switch (script_.below(7)) {
        case 0: if (!list.empty()) list.erase(list.begin() + static_cast<std::ptrdiff_t>(at)); break;
        case 1: if (!list.empty()) list.push_back(list[at]); break;
        case 2: if (!list.empty()) list[at].key_id = ledger_.key(who).id(); break;
        case 3: if (!list.empty()) list[at].signature[script_.below(64)] ^= 0x41; break;
        case 4: std::reverse(list.begin(), list.end()); break;
        case 5: mix_in(list, roots_); break;
        case 6: mix_in(list, releases_); break;
      }
    }
    // What an envelope holds at most; mixed with itself a list would double at each edit.
    if (list.size() > kMaxSignatures) list.resize(kMaxSignatures);
    keep(pool, std::move(offer));
  }

  template <class Document>
  void mix_in(std::vector<SignatureEntry>& list, const std::vector<Signed<Document>>& pool) {
    if (pool.empty()) return;
    const auto& other = any(pool).signatures;
    list.insert(list.begin(), other.begin(), other.end());
  }

  void offer(const Signed<Root>& offer) {
    const Root before = machine_->root();
    const bool expected = model_.may_advance(offer, ledger_);
    const bool accepted = machine_->advance(offer).ok();
    check(accepted == expected, "a root: the engine decides otherwise than the model");
    check(!accepted || written_.contains(offer.message),
          "a root was accepted that the publisher did not write");
    check(machine_->root() == (accepted ? offer.document : before), "the root after it");
    if (!accepted) return;
    model_.root = offer.document;
    ++model_.steps;
  }

  void offer(const Signed<Manifest>& offer) {
    Wanted wanted{.channel = offer.document.channel, .arch = offer.document.arch, .min_version = 0};
    if (script_.below(4) == 0) {
      wanted = {.channel = kChannels[script_.below(2)],
                .arch = kArchs[script_.below(2)],
                .min_version = script_.below(8)};
    }
    const bool expected = model_.may_admit(offer, wanted, ledger_);
    const bool accepted = machine_->admit(offer, wanted).ok();
    check(accepted == expected, "a release: the engine decides otherwise than the model");
    check(!accepted || written_.contains(offer.message),
          "a release was accepted that the publisher did not write");
  }

  /// A new run: from the first root or from the one that the machine knows, at another time.
  void begin() {
    const Root from = machine_ && script_.flip() ? machine_->root() : first_;
    const WallTime now{script_.byte()};
    auto engine = TrustEngine::begin(from, now);
    check(engine.ok(), "a root of the publisher's breaks a rule");
    machine_ = std::make_unique<TrustEngine>(*std::move(engine));
    model_ = {.root = from, .now = now, .steps = 0};
  }

  Script script_;
  std::size_t stolen_;
  Ledger ledger_;
  Root first_;
  Root latest_;  ///< The publisher's newest.
  std::vector<Signed<Root>> roots_;
  std::vector<Signed<Manifest>> releases_;
  std::set<Bytes> written_;  ///< Messages that the publisher signed.
  std::unique_ptr<TrustEngine> machine_;
  Model model_;
};

}  // namespace

std::vector<Bytes> seeds() {
  // Every string of bytes is a play, so chance alone makes long ones in which much happens.
  std::mt19937 chance(7);
  std::vector<Bytes> out;
  for (int i = 0; i < 48; ++i) {
    Bytes& seed = out.emplace_back(100 + i * 8);
    for (std::uint8_t& byte : seed) byte = static_cast<std::uint8_t>(chance());
  }
  return out;
}

void one(ByteView input) { Play(input).run(); }

}  // namespace phase::fuzz
