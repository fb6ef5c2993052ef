// tests/unit/dht/metadata_peer.h
// A BitTorrent peer that has an info dictionary (BEP 9) and nothing else, and may lie about it.
#pragma once

#include <atomic>
#include <list>
#include <thread>

#include "proto/bytes.h"
#include "proto/endpoint.h"
#include "proto/fd.h"
#include "sim/hostile/victim.h"

namespace phase::dht::test {

enum class Manner {
  kHonest,
  kWrongBytes,   ///< Of the right size.
  kSaysLess,     ///< A smaller size, and as much of it.
  kSaysMore,     ///< A larger one, filled up with zeros.
  kShortPieces,  ///< Half of each piece.
  kOtherPieces,  ///< Pieces of numbers that nobody asked for.
  kEndless,      ///< Pieces without an end.
  kNoise,        ///< Bytes drawn at random.
  kRejects,      ///< Has it, and gives it to nobody.
};

/// Listens on a port of the loopback until it is destroyed; end those first whom it is with.
class MetadataPeer {
 public:
  MetadataPeer(Manner manner, Bytes info);
  ~MetadataPeer();
  MetadataPeer(const MetadataPeer&) = delete;
  MetadataPeer& operator=(const MetadataPeer&) = delete;

  [[nodiscard]] Endpoint at() const { return at_; }
  /// How often it was asked for a piece and has answered.
  [[nodiscard]] int answers() const { return answers_; }

 private:
  void accept_all();
  void serve(const sim::Victim& session);
  bool answer_next(const sim::Victim& session);
  bool answer(const sim::Victim& session, std::size_t piece);
  bool send_part(const sim::Victim& session, std::size_t piece, const Bytes& part) const;
  [[nodiscard]] std::size_t size_said() const;
  /// Of what it says that it has.
  [[nodiscard]] Bytes part(std::size_t piece) const;

  const Manner manner_;
  const Bytes info_;
  Fd listener_;
  Endpoint at_;
  std::atomic<int> answers_ = 0;
  std::atomic<std::uint8_t> number_ = 0;  // The session's for ut_metadata.
  std::list<Fd>
      connections_;  // Copies, to end them by. Like the threads, accepting_'s until its end.
  std::list<std::thread> threads_;
  std::thread accepting_;
};

}  // namespace phase::dht::test
