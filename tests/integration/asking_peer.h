// tests/integration/asking_peer.h
// A BitTorrent peer by hand (BEP 3, 9, 10): it has nothing, waits to be connected to, and then asks
// for the first block of piece 1 and the info dictionary again and again, choked or not. Keeps all
// that it gets.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "dht/session.h"

namespace phase::dht {

class AskingPeer {
 public:
  /// Listens in the network of the calling thread.
  AskingPeer(const Endpoint& at, const Sha1& infohash);
  ~AskingPeer();
  AskingPeer(const AskingPeer&) = delete;
  AskingPeer& operator=(const AskingPeer&) = delete;

  struct Heard {
    std::string handshake;        ///< 68 bytes.
    std::string extended;         ///< The dictionary of the extension handshake.
    std::map<int, int> messages;  ///< By BEP 3's number.
    int metadata_pieces = 0;      ///< BEP 9 data messages.
    int asked = 0;                ///< How often it asked so far.
    bool closed = false;
  };
  [[nodiscard]] Heard heard() const;
  /// Begins to ask, and waits until it has asked `times` more than now; false where the connection
  /// ends before, or `limit`.
  bool asks(int times, std::chrono::seconds limit);

 private:
  void serve();
  void take(const std::string& message);

  int listener_;
  Sha1 infohash_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Heard heard_;
  bool begun_ = false;
  std::thread thread_;
};

}  // namespace phase::dht
