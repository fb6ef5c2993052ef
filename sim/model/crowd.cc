#include "sim/model/crowd.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <ostream>
#include <utility>

#include "proto/result.h"
#include "sim/model/chance.h"
#include "sim/model/dht_load.h"
#include "sim/model/event_queue.h"
#include "sim/model/line.h"
#include "sim/model/piece_set.h"

namespace phase::sim::model {
namespace {

/// On their way from a seed: what came within a second, and a quarter more (dht/spread.h).
constexpr double kGivenMore = 1.25;
/// A client knows others again where fewer than this share of those it met are still there.
constexpr std::size_t kMeetAgainBelow = 3;
constexpr double kMomentS = 1;
constexpr std::size_t kMostMoments = 2000;
/// Attempts after which the pause before the next one grows no more (max_failcount).
constexpr int kMostAttempts = 10;

enum class What : std::uint8_t {
  kPowerOn, kAskItem, kAskPeers, kConnect, kMetadata, kSent, kArrived, kShown, kLeft, kSeeding, kMoment
};

enum class Why : std::uint8_t {
  kAsked,  ///< Of another client.
  kGift,   ///< The seed chose.
  kOwn     ///< A newcomer's own choice, before the seed chooses for him.
};

struct Event {
  What what = What::kMoment;
  std::uint32_t machine = 0;  ///< Who it happens to.
  std::uint32_t from = 0;     ///< Of a piece: who sends it.
  std::uint32_t piece = 0;
  Why why = Why::kAsked;
};

enum class State : std::uint8_t { kOff, kAsking, kKnocking, kWaiting, kFetching, kDone, kSeed };

struct Machine {
  State state = State::kOff;
  Line line;
  PieceSet has, coming;
  std::vector<std::uint32_t> providers;   ///< It has a connection with.
  std::vector<std::uint32_t> neighbours;
  std::uint32_t asked = 0;  ///< Pieces on their way from other clients.
  int attempts = 0;
  Micros on_at = 0;
};

/// What a provider keeps (dht/spread.h).
struct Seed {
  std::vector<std::uint32_t> takers;   ///< Connected.
  std::vector<std::uint16_t> given;    ///< By piece.
  std::vector<std::uint32_t> rank;
  std::size_t next_taker = 0;
  std::uint32_t under_way = 0;
};

class Crowd {
 public:
  Crowd(const Parameters& parameters, const Scenario& scenario, std::ostream* log)
      : p_(parameters), s_(scenario), log_(log), chance_(scenario.rng_seed),
        load_(parameters, scenario), pieces_(pieces_of(scenario.image_bytes)),
        machines_(scenario.providers + scenario.clients), seed_of_(machines_.size(), kNoSeed),
        had_(pieces_.count, 0) {
    for (std::uint32_t i = 0; i < s_.providers; ++i) {
      machines_[i].line = Line(s_.provider_bits * p_.line_efficiency, s_.down_bits * p_.line_efficiency);
      machines_[i].has = PieceSet::all(pieces_.count);
      begin_to_seed(i);
    }
    metadata_bytes_ = p_.metadata_bytes_per_piece * pieces_.count;
    const double line_pieces = s_.down_bits * p_.line_efficiency / 8 * p_.request_s / pieces_.bytes;
    most_asked_ = static_cast<std::uint32_t>(std::max(2.0, line_pieces));
    pair_s_ = p_.pair_bytes * 8 / (s_.up_bits * p_.line_efficiency);
    const double came = s_.provider_bits * p_.line_efficiency / 8 / pieces_.bytes * kGivenMore;
    most_given_ = static_cast<std::uint32_t>(std::max(p_.fewest_given, came));
  }

  Outcome run() {
    for (std::uint32_t i = s_.providers; i < machines_.size(); ++i) {
      // Evenly, each anywhere within its own part of the time.
      const double of = (i - s_.providers + chance_.share()) / s_.clients;
      queue_.add(micros(s_.spread_s * of), {What::kPowerOn, i});
    }
    queue_.add(0, {What::kMoment});
    const Micros longest = micros(s_.longest_s);
    while (!queue_.empty() && queue_.next_at() <= longest && out_.done < s_.clients) {
      now_ = queue_.next_at();
      handle(queue_.take());
    }
    return result();
  }

 private:
  static constexpr std::uint32_t kNoSeed = ~0U;

  void handle(const Event& event) {
    switch (event.what) {
      case What::kPowerOn: return power_on(event.machine);
      case What::kAskItem: return ask(event.machine, true);
      case What::kAskPeers: return ask(event.machine, false);
      case What::kConnect: return connect(event.machine);
      case What::kMetadata: return begin_to_fetch(event.machine);
      case What::kSent: return sent(event);
      case What::kArrived: return arrived(event);
      case What::kShown: return shown(event.machine, event.piece);
      case What::kLeft: return leave(event.machine);
      case What::kSeeding: return seed_again(event.machine);
      case What::kMoment: return note_moment();
    }
  }

  void say(const char* what, std::uint32_t machine, double figure) {
    if (log_ == nullptr) return;
    char line[96];
    const int length = std::snprintf(line, sizeof line, "%.6f %s %u %.0f\n", seconds(now_), what,
                                     machine - s_.providers, figure);
    log_->write(line, length);
  }

  // Discovery.

  void power_on(std::uint32_t machine) {
    Machine& m = machines_[machine];
    m.state = State::kAsking;
    m.on_at = now_;
    m.line = Line(s_.up_bits * p_.line_efficiency, s_.down_bits * p_.line_efficiency);
    m.has = PieceSet(pieces_.count);
    m.coming = PieceSet(pieces_.count);
    ++asking_;
    say("on", machine, 0);
    set_load();
    queue_.add(now_ + micros(p_.start_s + load_.lookup_s()), {What::kAskItem, machine});
  }

  /// One attempt of a lookup that stands: for the pointer, or for those who hold the release.
  void ask(std::uint32_t machine, bool item) {
    const double likely = item ? load_.item_chance() : load_.peers_chance();
    if (likely < 1 && chance_.share() >= likely) {
      queue_.add(now_ + micros(load_.again_s()), {item ? What::kAskItem : What::kAskPeers, machine});
      return;
    }
    say(item ? "pointer" : "peers", machine, machines_[machine].attempts);
    if (item && s_.named == 0) {
      queue_.add(now_ + micros(load_.lookup_s()), {What::kAskPeers, machine});
      return;
    }
    --asking_;
    ++knocking_;
    machines_[machine].state = State::kKnocking;
    // TCP's handshake and BitTorrent's.
    queue_.add(now_ + micros(2 * s_.rtt_s), {What::kConnect, machine});
  }

  /// Whom it knows: those in the pointer, and some of those whom the DHT names.
  std::vector<std::uint32_t> known_providers() {
    const auto most = static_cast<std::size_t>(p_.providers_asked);
    std::vector<std::uint32_t> known;
    for (std::uint32_t i = 0; i < std::min(s_.named, s_.providers) && known.size() < most; ++i) {
      known.push_back(i);
    }
    const auto all = static_cast<std::uint32_t>(seeds_.size());
    if (all <= most) {
      for (std::uint32_t i = 0; i < all; ++i) add_once(known, seed_machines_[i]);
    } else {
      for (std::size_t tries = 0; tries < 2 * most && known.size() < most; ++tries) {
        add_once(known, seed_machines_[chance_.below(all)]);
      }
    }
    return known;
  }

  static void add_once(std::vector<std::uint32_t>& to, std::uint32_t machine) {
    if (std::find(to.begin(), to.end(), machine) == to.end()) to.push_back(machine);
  }

  void connect(std::uint32_t machine) {
    Machine& m = machines_[machine];
    for (const std::uint32_t provider : known_providers()) {
      Seed& seed = seeds_[seed_of_[provider]];
      if (static_cast<double>(seed.takers.size()) >= p_.max_connections) continue;
      m.providers.push_back(provider);
      seed.takers.push_back(machine);
      out_.most_connections = std::max(out_.most_connections, static_cast<double>(seed.takers.size()));
    }
    if (m.providers.empty()) {
      m.attempts = std::min(m.attempts + 1, kMostAttempts);
      // None at the same moment as others who were refused at once.
      const double pause = p_.reconnect_s * m.attempts * (0.5 + chance_.share());
      queue_.add(now_ + micros(pause), {What::kConnect, machine});
      return;
    }
    m.state = State::kWaiting;
    --knocking_;
    ++fetching_;
    say("connected", machine, static_cast<double>(m.providers.size()));
    const std::uint32_t first = m.providers[chance_.below(static_cast<std::uint32_t>(m.providers.size()))];
    out_.metadata_bytes += metadata_bytes_;
    const Micros left = send_from(first, metadata_bytes_);
    queue_.add(left + micros(3 * s_.rtt_s), {What::kMetadata, machine});
  }

  // Pieces.

  void begin_to_fetch(std::uint32_t machine) {
    Machine& m = machines_[machine];
    m.state = State::kFetching;
    m.line.receive(now_, metadata_bytes_);
    meet(machine);
    for (const std::uint32_t provider : m.providers) {
      double own = p_.own_pieces;
      // Alone there is nobody to choose for, and what it asks for comes all the same.
      if (seeds_[seed_of_[provider]].takers.size() < 2) own = 0;
      while (own > 0 && (own >= 1 || chance_.share() < own)) {
        own -= 1;
        const auto piece = m.has.some_missing(m.coming, chance_.below(pieces_.count));
        if (piece) give(provider, machine, *piece, Why::kOwn);
      }
    }
    ask_others(machine);
    for (const std::uint32_t provider : m.providers) give_what_fits(provider);
  }

  /// Whoever provides for it names others that fetch there, some of them at random (dht/rendezvous.h).
  void meet(std::uint32_t machine) {
    Machine& m = machines_[machine];
    std::erase_if(m.neighbours, [&](std::uint32_t other) { return !exchanges(other); });
    const auto most = static_cast<std::size_t>(p_.neighbours);
    for (const std::uint32_t provider : m.providers) {
      const auto& here = seeds_[seed_of_[provider]].takers;
      for (std::size_t tries = 0; tries < 2 * most && m.neighbours.size() < most; ++tries) {
        const std::uint32_t other = here[chance_.below(static_cast<std::uint32_t>(here.size()))];
        // The later one of two hears, and has room for those who come after it.
        if (other == machine || !exchanges(other)) continue;
        if (here.size() > 2 * most && machines_[other].neighbours.size() >= 2 * most) continue;
        if (std::find(m.neighbours.begin(), m.neighbours.end(), other) != m.neighbours.end()) continue;
        m.neighbours.push_back(other);
        machines_[other].neighbours.push_back(machine);
      }
    }
  }

  [[nodiscard]] bool exchanges(std::uint32_t machine) const {
    const State state = machines_[machine].state;
    return state == State::kFetching || state == State::kDone;
  }

  /// Asks neighbours for what they have, until it has asked for enough.
  void ask_others(std::uint32_t machine) {
    Machine& m = machines_[machine];
    if (m.neighbours.empty()) return;
    const auto count = static_cast<std::uint32_t>(m.neighbours.size());
    while (m.asked < most_asked_) {
      std::uint32_t best = kNoSeed;
      // Of a few that have something the one with the shortest queue: slow peers are asked less.
      const std::uint32_t begin = chance_.below(count);
      for (std::uint32_t i = 0, found = 0; i < count && found < 2; ++i) {
        const std::uint32_t other = m.neighbours[(begin + i) % count];
        if (!exchanges(other) || is_busy(other)) continue;
        if (!m.has.lacks_any_of(m.coming, machines_[other].has)) continue;
        ++found;
        if (best == kNoSeed || machines_[other].line.backlog(now_) < machines_[best].line.backlog(now_)) {
          best = other;
        }
      }
      if (best == kNoSeed) break;
      const auto piece = m.has.rarest_missing_of(m.coming, machines_[best].has, had_, chance_.below(pieces_.count));
      request(machine, best, *piece);
    }
  }

  void request(std::uint32_t machine, std::uint32_t from, std::uint32_t piece) {
    machines_[machine].coming.add(piece);
    ++machines_[machine].asked;
    queue_.add(send_from(from, on_line()), {What::kSent, machine, from, piece});
  }

  /// What a piece takes of a line: everybody tells everybody that he has it.
  [[nodiscard]] double on_line() const {
    const double others = std::min(std::max(0.0, fetching_ - 1.0), p_.max_connections);
    return pieces_.bytes + p_.have_bytes * others;
  }

  Micros send_from(std::uint32_t machine, double bytes) {
    if (machine < s_.providers) first_bytes_in_moment_ += bytes;
    return machines_[machine].line.send(now_, bytes);
  }

  void give(std::uint32_t provider, std::uint32_t to, std::uint32_t piece, Why why) {
    Seed& seed = seeds_[seed_of_[provider]];
    ++seed.given[piece];
    if (why == Why::kGift) ++seed.under_way;
    machines_[to].coming.add(piece);
    queue_.add(send_from(provider, on_line()), {What::kSent, to, provider, piece, why});
  }

  /// dht/spread.cc, next(): what nobody was given comes first; copies keep the line from being idle.
  void give_what_fits(std::uint32_t provider) {
    Seed& seed = seeds_[seed_of_[provider]];
    const auto fewest = static_cast<std::uint32_t>(p_.fewest_given);
    std::size_t passed = 0;
    while (passed < seed.takers.size() && seed.under_way < most_given_) {
      seed.next_taker = (seed.next_taker + 1) % seed.takers.size();
      const std::uint32_t to = seed.takers[seed.next_taker];
      const Machine& taker = machines_[to];
      ++passed;
      if (taker.state != State::kFetching) continue;
      const auto piece = choose(seed, taker);
      if (!piece) continue;
      const bool copy = seed.given[*piece] > 0 || had_[*piece] > 0;
      // One that is alone takes what it likes.
      if (copy && seed.under_way >= fewest && seed.takers.size() > 1) break;
      give(provider, to, *piece, Why::kGift);
      passed = 0;
    }
  }

  [[nodiscard]] std::optional<std::uint32_t> choose(const Seed& seed, const Machine& taker) const {
    std::optional<std::uint32_t> best;
    std::uint64_t best_key = 0;
    for (std::uint32_t piece = 0; piece < pieces_.count; ++piece) {
      const std::uint64_t key = (static_cast<std::uint64_t>(seed.given[piece]) << 48) |
                                (static_cast<std::uint64_t>(had_[piece]) << 16) | (seed.rank[piece] & 0xffff);
      if (best && key >= best_key) continue;
      if (taker.has.contains(piece) || taker.coming.contains(piece)) continue;
      best = piece;
      best_key = key;
    }
    return best;
  }

  /// Everybody who may has asked it for as much as he asks one of.
  [[nodiscard]] bool is_busy(std::uint32_t machine) const {
    const Machine& m = machines_[machine];
    return m.line.backlog(now_) > micros(pair_s_ * static_cast<double>(m.neighbours.size()));
  }

  /// Its line has room again: neighbours who want what it has and wait for nobody else get it.
  void offer(std::uint32_t machine) {
    const Machine& m = machines_[machine];
    if (!exchanges(machine) || m.neighbours.empty()) return;
    const auto count = static_cast<std::uint32_t>(m.neighbours.size());
    const std::uint32_t begin = chance_.below(count);
    for (std::uint32_t i = 0; i < count && !is_busy(machine); ++i) {
      const std::uint32_t other = m.neighbours[(begin + i) % count];
      const Machine& o = machines_[other];
      if (o.state != State::kFetching || o.asked >= most_asked_) continue;
      const auto piece = o.has.rarest_missing_of(o.coming, m.has, had_, chance_.below(pieces_.count));
      if (piece) request(other, machine, *piece);
    }
  }

  void sent(Event event) {
    if (event.why == Why::kAsked) offer(event.from);
    const Micros here = machines_[event.machine].line.receive(now_, on_line()) + micros(s_.rtt_s / 2);
    event.what = What::kArrived;
    if (here > now_) return queue_.add(here, event);
    arrived(event);
  }

  void arrived(const Event& event) {
    Machine& m = machines_[event.machine];
    const std::uint32_t from = event.from;
    const bool of_provider = event.why != Why::kAsked;
    if (from < s_.providers) out_.provider_bytes += pieces_.bytes;
    else out_.peer_bytes += pieces_.bytes;
    out_.received_bytes += pieces_.bytes;
    m.has.add(event.piece);
    ++had_[event.piece];
    if (event.why == Why::kGift) --seeds_[seed_of_[from]].under_way;
    if (!of_provider) --m.asked;
    if (m.has.full()) finish(event.machine);
    else ask_others(event.machine);
    queue_.add(now_ + micros(p_.step_s), {What::kShown, event.machine, 0, event.piece});
    if (of_provider) give_what_fits(from);
  }

  /// Its neighbours have heard that it has `piece`.
  void shown(std::uint32_t machine, std::uint32_t piece) {
    if (!exchanges(machine)) return;
    const auto& near = machines_[machine].neighbours;
    const auto count = static_cast<std::uint32_t>(near.size());
    if (count == 0) return;
    const std::uint32_t begin = chance_.below(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (is_busy(machine)) return;
      const std::uint32_t other = near[(begin + i) % count];
      const Machine& m = machines_[other];
      if (m.state != State::kFetching || m.asked >= most_asked_) continue;
      if (m.has.contains(piece) || m.coming.contains(piece)) continue;
      request(other, machine, piece);
    }
  }

  void finish(std::uint32_t machine) {
    Machine& m = machines_[machine];
    m.state = State::kDone;
    --fetching_;
    ++out_.done;
    out_.completions.push_back(seconds(now_));
    own_s_ += seconds(now_ - m.on_at);
    say("done", machine, static_cast<double>(m.providers.size()));
    queue_.add(now_ + micros(p_.linger_s), {What::kLeft, machine});
  }

  // After the fetch.

  /// What it was asked for already still comes: no piece is lost in this model.
  void leave(std::uint32_t machine) {
    Machine& m = machines_[machine];
    const auto providers = std::exchange(m.providers, {});
    m.state = State::kOff;
    for (const std::uint32_t provider : providers) {
      Seed& seed = seeds_[seed_of_[provider]];
      std::erase(seed.takers, machine);
      give_what_fits(provider);
    }
    for (const std::uint32_t other : std::exchange(m.neighbours, {})) {
      Machine& o = machines_[other];
      std::erase(o.neighbours, machine);
      if (o.state == State::kFetching &&
          o.neighbours.size() * kMeetAgainBelow < static_cast<std::size_t>(p_.neighbours)) {
        meet(other);
      }
      if (o.state == State::kFetching) ask_others(other);
    }
    say("left", machine, 0);
    if (chance_.share() < s_.node_share) queue_.add(now_ + micros(p_.reboot_s), {What::kSeeding, machine});
  }

  void seed_again(std::uint32_t machine) {
    machines_[machine].line = Line(s_.up_bits * p_.line_efficiency, s_.down_bits * p_.line_efficiency);
    say("seeding", machine, static_cast<double>(seeds_.size()));
    begin_to_seed(machine);
  }

  void begin_to_seed(std::uint32_t machine) {
    machines_[machine].state = State::kSeed;
    seed_of_[machine] = static_cast<std::uint32_t>(seeds_.size());
    seed_machines_.push_back(machine);
    Seed& seed = seeds_.emplace_back();
    seed.given.assign(pieces_.count, 0);
    seed.rank.resize(pieces_.count);
    for (std::uint32_t i = 0; i < pieces_.count; ++i) {
      const std::uint32_t at = chance_.below(i + 1);
      seed.rank[i] = seed.rank[at];
      seed.rank[at] = i;
    }
  }

  // Figures.

  void set_load() { load_.set_clients(asking_ + knocking_ + fetching_); }

  void note_moment() {
    set_load();
    double connections = 0;
    for (std::uint32_t i = 0; i < s_.providers; ++i) connections += static_cast<double>(seeds_[i].takers.size());
    Moment moment;
    moment.at_s = seconds(now_);
    moment.asking = asking_;
    moment.knocking = knocking_;
    moment.fetching = fetching_;
    moment.done = out_.done;
    moment.providers = static_cast<double>(seeds_.size());
    moment.connections = connections / s_.providers;
    moment.provider_bps = first_bytes_in_moment_ * 8 / moment_s_ / s_.providers;
    moment.holder_in_bps = load_.holder_in_bps();
    moment.holder_answers = load_.item_share();
    first_bytes_in_moment_ = 0;
    dht_bytes_ += load_.client_bytes_s() * (asking_ + knocking_ + fetching_) * moment_s_;
    out_.holder_peak_bps = std::max(out_.holder_peak_bps, load_.holder_in_bps());
    out_.other_node_peak_bps = std::max(out_.other_node_peak_bps, load_.other_in_bps());
    out_.moments.push_back(moment);
    // Long runs are drawn with fewer points: every other one goes, and from now on half as many come.
    if (out_.moments.size() >= kMostMoments) {
      for (std::size_t i = 0; 2 * i < out_.moments.size(); ++i) out_.moments[i] = out_.moments[2 * i];
      out_.moments.resize(out_.moments.size() / 2);
      moment_s_ *= 2;
    }
    queue_.add(now_ + micros(moment_s_), {What::kMoment});
  }

  Outcome result() {
    auto& times = out_.completions;
    if (!times.empty()) {
      out_.first_s = times.front();
      out_.median_s = times[times.size() / 2];
      out_.p95_s = times[times.size() * 95 / 100];
      out_.last_s = times.back();
      out_.mean_own_s = own_s_ / static_cast<double>(times.size());
    }
    out_.dht_bytes_per_client = dht_bytes_ / s_.clients;
    return std::move(out_);
  }

  const Parameters& p_;
  const Scenario& s_;
  std::ostream* log_;
  Chance chance_;
  DhtLoad load_;
  Pieces pieces_;
  std::vector<Machine> machines_;
  std::vector<Seed> seeds_;
  std::vector<std::uint32_t> seed_machines_;
  std::vector<std::uint32_t> seed_of_;
  std::vector<std::uint32_t> had_;  ///< By piece: by how many machines.
  EventQueue<Event> queue_;
  Micros now_ = 0;
  double metadata_bytes_ = 0;
  std::uint32_t most_asked_ = 0, most_given_ = 0;
  double pair_s_ = 0;  ///< Of a client's line, for each neighbour.
  std::uint32_t asking_ = 0, knocking_ = 0, fetching_ = 0;
  double own_s_ = 0, dht_bytes_ = 0, first_bytes_in_moment_ = 0, moment_s_ = kMomentS;
  Outcome out_;
};

}  // namespace

Outcome run_crowd(const Parameters& parameters, const Scenario& scenario, std::ostream* log) {
  check(scenario.providers > 0 && scenario.clients > 0 && scenario.clients <= kMostClients,
        "a crowd that the model takes");
  return Crowd(parameters, scenario, log).run();
}

}  // namespace phase::sim::model
