#include "boot/init/cache_child.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <utility>

#include "boot/cache/cache.h"
#include "boot/cached_release.h"
#include "boot/init/identities.h"
#include "boot/init/status_line.h"
#include "boot/init/verify_release.h"
#include "boot/machine/answering_child.h"
#include "boot/machine/child_rights.h"
#include "proto/root_chain.h"

namespace phase::boot {
namespace {

constexpr std::size_t kMaxAnswer = 1024;
constexpr std::size_t kMaxPointerBytes = 8 * 1024;

// "good NUMBER NUMBER", or "bad EXIT-CODE what happened".
std::string encode(const Result<CacheWord>& word) {
  if (word) {
    return "good " + std::to_string(word->floor) + " " + std::to_string(word->best);
  }
  return "bad " + std::to_string(exit_code(word.error().code)) + " " +
         word.error().detail.substr(0, 500);
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(after - text.data()));
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return number;
}

std::string printable(std::string_view text) {
  std::string out(text);
  std::replace_if(out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

Result<CacheWord> decode(std::string_view text) {
  if (text.starts_with("good ")) {
    text.remove_prefix(5);
    const auto floor = take_number(text);
    const auto best = take_number(text);
    if (floor && best && text.empty()) return CacheWord{*floor, *best};
  } else if (text.starts_with("bad ")) {
    text.remove_prefix(4);
    if (const auto code = take_number(text)) return {error_code_of(*code), printable(text)};
  }
  return {ErrorCode::kInternal, "the child that looks at the cache gave no answer"};
}

Result<CacheWord> look(const CacheQuestion& question) {
  auto cache = Cache::open(question.folder, CacheUse::kRead);
  if (!cache) return cache.error();
  CacheWord word;
  TrustPolicy policy = question.policy;
  policy.root = follow_roots(policy.root, cache->roots()).root;
  word.floor = cache->floor(policy, question.channel, question.arch);
  const CachedReleases releases(&*cache, policy,
                                {question.channel, question.arch,
                                 std::max(question.min_version, word.floor),
                                 question.now});
  if (!releases.whole().empty()) word.best = releases.whole().front().manifest.release_version;
  return word;
}

/// Missing or unusable papers cost the next boot time, and nothing else.
CacheEntry entry_of(const CacheFill& fill) {
  CacheEntry entry;
  entry.folder = fill.fetched + "/" + fill.release;
  if (auto torrent = read_below(fill.fetched, kTorrentName, kMaxTorrentBytes)) {
    entry.torrent = std::move(*torrent);
  }
  if (const auto roots = read_below(fill.fetched, kRootsName, kMaxRootChainBytes)) {
    if (auto chain = decode_root_chain(*roots)) entry.roots = std::move(*chain);
  }
  const auto pointer = read_below(fill.fetched, kPointerName, kMaxPointerBytes);
  if (!pointer) return entry;
  const Root root = follow_roots(fill.root, entry.roots).root;
  for (const PublicKey& key : root.pointer_keys(fill.channel, fill.arch)) {
    if (auto items = decode_items(*pointer, key)) entry.pointer = std::move(*items);
  }
  return entry;
}

Result<CacheWord> store(const CacheFill& fill) {
  auto cache = Cache::open(fill.folder, CacheUse::kWrite);
  if (!cache) return cache.error();
  if (fill.repair) {
    if (auto repaired = cache->collect(0); !repaired) return repaired.error();
  }
  if (auto added = cache->add(entry_of(fill), fill.now, {}); !added) {
    return added.error();
  }
  return CacheWord{};
}

Result<CacheWord> in_child(const std::function<Result<CacheWord>()>& work, Confinement rights,
                           MonoTime deadline, const Clock& clock) {
  const auto answer =
      ask_child([&] { return encode(work()); }, std::move(rights), kMaxAnswer, deadline, clock);
  if (!answer) return answer.error();
  return decode(*answer);
}

}  // namespace

Result<CacheWord> ask_cache(const CacheQuestion& question, MonoTime deadline, const Clock& clock) {
  return in_child([&] { return look(question); }, reader_rights(kVerifierUid, question.folder),
                  deadline, clock);
}

Result<void> fill_cache(const CacheFill& fill, MonoTime deadline, const Clock& clock) {
  const auto done = in_child([&] { return store(fill); },
                             keeper_rights(kCacheUid, fill.fetched, fill.folder), deadline, clock);
  if (!done) return done.error();
  return {};
}

}  // namespace phase::boot
