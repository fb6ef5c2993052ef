// boot/root_search.h
// Looks for root documents newer than the one that is trusted, while other things go on: in the
// DHT for those who hold the next one (next_root_target()), over HTTP from them, from nodes on the
// link and from given providers (next_root_path()), and in whatever the owner comes across. What
// is accepted is decided by the chain rule alone (proto/trust_engine.h), so anybody may answer.
//
// Nobody can prove that there is no newer root. settled() says when those who could have told have
// been asked: once the nodes nearest to the target have answered and the holders that they named, or a
// second after the DHT began to answer; never more than kRootPatience.
//
// Threads: the owner's; `wake` is called from others. Bounds: kMaxRootGets requests at once, each
// a thread with a deadline, kMaxRootHolders asked for one version, each once; an answer is at most
// kMaxRootChainBytes.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "boot/http_get.h"
#include "dht/session.h"
#include "proto/ports.h"
#include "proto/root_chain.h"

namespace phase::boot {

inline constexpr std::size_t kMaxRootGets = 16;
inline constexpr std::size_t kMaxRootHolders = 64;
inline constexpr std::chrono::seconds kRootPatience{3};

struct RootSearchOptions {
  bool use_dht = true;
  HttpWay http;
};

class RootSearch {
 public:
  /// `session` is borrowed. Nothing is asked before start().
  RootSearch(dht::Session& session, Root trusted, RootSearchOptions options,
             std::function<void()> wake);
  ~RootSearch();  ///< Ends its lookup; waits for requests under way.
  RootSearch(const RootSearch&) = delete;
  RootSearch& operator=(const RootSearch&) = delete;

  void start(MonoTime now);
  void stop();
  /// A provider or node that answers HTTP: http://HOST[:PORT][/PATH]. What is no URL is passed over.
  void ask(const std::string& url);
  /// Documents that came by another way. True where the root is a newer one now.
  bool offer(const std::vector<Bytes>& untrusted, const std::string& from, MonoTime now);
  void handle(const dht::Event& event, MonoTime now);
  /// Takes the answers that are there. True where the root is a newer one now.
  bool tick(MonoTime now);

  /// The newest root that is known.
  [[nodiscard]] const Root& root() const { return root_; }
  /// The documents that lead to it from the one that the search began with.
  [[nodiscard]] const std::vector<Bytes>& documents() const { return documents_; }
  /// Those who could have told had the time to.
  [[nodiscard]] bool settled(MonoTime now) const;
  /// When settled() may change without an event.
  [[nodiscard]] std::optional<MonoTime> deadline() const;
  /// Why answers were refused, one line each, at most 16; taken once.
  [[nodiscard]] std::vector<std::string> take_refusals();

 private:
  struct Get {
    std::string from;
    HttpGet get;
  };
  [[nodiscard]] bool take(const std::vector<Bytes>& untrusted, const std::string& from);
  void look(MonoTime now);
  void start_waiting();

  dht::Session& session_;
  Root root_;
  std::vector<Bytes> documents_;
  RootSearchOptions options_;
  std::function<void()> wake_;
  std::optional<dht::LookupId> lookup_;
  std::set<std::string> asked_;      // URLs, for the version that is looked for
  std::set<std::string> given_;      // those that are asked for every version
  std::deque<std::string> waiting_;
  std::vector<Get> gets_;
  std::optional<MonoTime> started_;
  std::optional<MonoTime> dht_answered_;
  bool nearest_answered_ = false;    // to the lookup for the version that is looked for
  std::vector<std::string> refusals_;
};

}  // namespace phase::boot
