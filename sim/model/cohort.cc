#include "sim/model/cohort.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <ostream>
#include <utility>
#include <vector>

#include "proto/result.h"
#include "sim/model/dht_load.h"

namespace phase::sim::model {
namespace {

constexpr double kStep = 0.1;         // Seconds.
constexpr int kKnocksAStep = 16;      // Parts in which free connections are given away within one step.
constexpr int kSpread = 8;            // Parts in which something that is spread over a time happens.
constexpr int kMostAttempts = 10;     // As in crowd.cc.
constexpr std::size_t kMostMoments = 2000;

/// Who will do something at a later step: a ring of numbers.
class Later {
 public:
  void add(double after_s, double machines) {
    const auto steps = std::max<std::size_t>(1, static_cast<std::size_t>(std::llround(after_s / kStep)));
    if (steps >= ring_.size()) grow(steps + 1);
    ring_[(at_ + steps) % ring_.size()] += machines;
  }
  /// Those of this step; the next one is the current one then.
  double take() {
    const double machines = std::exchange(ring_[at_], 0);
    at_ = (at_ + 1) % ring_.size();
    return machines;
  }

 private:
  void grow(std::size_t size) {
    std::vector<double> larger(size + ring_.size(), 0);
    for (std::size_t i = 0; i < ring_.size(); ++i) larger[i] = ring_[(at_ + i) % ring_.size()];
    ring_ = std::move(larger);
    at_ = 0;
  }
  std::vector<double> ring_ = std::vector<double>(64, 0);
  std::size_t at_ = 0;
};

/// Machines that fetch together.
struct Batch {
  double machines = 0, slots = 0;
  double began_with = 0;  ///< Bytes that everybody had fetched by then (Flow::fetched_).
};

class Flow {
 public:
  Flow(const Parameters& parameters, const Scenario& scenario, std::ostream* log)
      : p_(parameters), s_(scenario), log_(log), load_(parameters, scenario),
        pieces_(pieces_of(scenario.image_bytes)), image_(static_cast<double>(scenario.image_bytes)),
        first_(scenario.providers),
        first_line_(scenario.provider_bits * parameters.line_efficiency / 8),
        up_(scenario.up_bits * parameters.line_efficiency / 8),
        down_(scenario.down_bits * parameters.line_efficiency / 8),
        knocking_(kMostAttempts + 1) {}

  Outcome run() {
    while (now_ < s_.longest_s && done_ < s_.clients - 0.5) {
      power_on();
      ask();
      knock();
      fetch();
      end();
      note_moment();
      now_ += kStep;
    }
    return result();
  }

 private:
  void power_on() {
    const double by_now = s_.spread_s > 0 ? std::min(1.0, (now_ + kStep) / s_.spread_s) : 1;
    const double more = by_now * s_.clients - on_;
    if (more <= 0) return;
    on_ += more;
    asking_ += more;
    const double lookups = s_.named == 0 ? 2 : 1;
    item_.add(p_.start_s + lookups * load_.lookup_s() + 2 * s_.rtt_s, more);
  }

  void ask() {
    load_.set_clients(asking_ + knocking_now_ + fetching_);
    const auto attempt = [&](Later& of, double chance) {
      const double all = of.take();
      const double answered = all * chance;
      if (all > answered) of.add(load_.again_s(), all - answered);
      return answered;
    };
    const double item = attempt(item_, load_.item_chance());
    double named = item;
    if (s_.named == 0) {
      // Answered at once where nothing is overloaded.
      const double at_once = item * load_.peers_chance();
      if (item > at_once) peers_.add(load_.again_s(), item - at_once);
      named = at_once + attempt(peers_, load_.peers_chance());
    }
    asking_ -= named;
    knocking_now_ += named;
    ready_ = named;
  }

  [[nodiscard]] double seeds() const { return first_ + later_; }

  void knock() {
    std::vector<double> knockers(kMostAttempts + 1, 0);
    knockers[0] = ready_;
    for (int tries = 1; tries <= kMostAttempts; ++tries) {
      knockers[static_cast<std::size_t>(tries)] = knocking_[static_cast<std::size_t>(tries)].take();
    }
    double all = 0;
    for (const double of : knockers) all += of;
    if (all <= 0) return;
    const double most = std::min(seeds(), p_.providers_asked);
    Batch batch;
    for (int part = 0; part < kKnocksAStep; ++part) {
      const double free = std::max(0.0, seeds() * p_.max_connections - slots_);
      // A provider has a connection free; those that are free lie anywhere.
      const double open = 1 - std::exp(-free / seeds());
      double admitted = all / kKnocksAStep * (1 - std::pow(1 - open, most));
      double taken = admitted * std::max(1.0, most * open);
      if (taken > free) {
        admitted *= free / taken;
        taken = free;
      }
      batch.machines += admitted;
      batch.slots += taken;
      slots_ += taken;
    }
    const double refused = 1 - batch.machines / all;
    for (int tries = 0; tries <= kMostAttempts; ++tries) {
      const int next = std::min(tries + 1, kMostAttempts);
      const double again = knockers[static_cast<std::size_t>(tries)] * refused;
      if (again <= 0) continue;
      for (int part = 0; part < kSpread; ++part) {  // From half to one and a half of the pause.
        const double pause = p_.reconnect_s * next * (0.5 + (part + 0.5) / kSpread);
        knocking_[static_cast<std::size_t>(next)].add(pause, again / kSpread);
      }
    }
    out_.most_connections = std::max(out_.most_connections, slots_ / seeds());
    admit(batch);
  }

  /// Metadata and what each asks for himself go through the providers' lines before anything else.
  void admit(Batch batch) {
    if (batch.machines <= 0) return;
    if (fetching_ < 0.5) injected_ = 0;  // Nobody is there who has anything.
    knocking_now_ -= batch.machines;
    fetching_ += batch.machines;
    const double metadata = p_.metadata_bytes_per_piece * pieces_.count * batch.machines;
    const double own = fetching_ < 2 ? 0 : p_.own_pieces * pieces_.bytes * batch.slots;
    out_.metadata_bytes += metadata;
    metadata_queue_ += metadata;
    own_queue_ += own;
    batch.began_with = fetched_;
    batches_.push_back(batch);
  }

  void fetch() {
    if (batches_.empty()) return;
    // Everybody tells everybody what he has.
    const double others = std::min(std::max(0.0, fetching_ - 1), p_.max_connections);
    const double step = kStep / (1 + p_.have_bytes * others / pieces_.bytes);
    double line = (first_ * first_line_ + later_ * up_) * step;
    const double first_share = first_ * first_line_ * step / line;
    const double metadata = std::min(line, metadata_queue_);
    metadata_queue_ -= metadata;
    line -= metadata;
    const double own = std::min(line, own_queue_);
    own_queue_ -= own;
    line -= own;
    // Of pieces that newcomers choose, some were chosen by others before.
    const double fresh = injected_ < image_ ? 1 - injected_ / image_ : 0;
    injected_ = std::min(image_, injected_ + own * fresh + line);
    // Whoever began first is ahead of all, and cannot have more than is there.
    const double ahead = fetched_ - batches_.front().began_with;
    const double room = std::max(0.0, injected_ - ahead);
    const double everybody = own + line + fetching_ * up_ * step;
    const double each = std::min({down_ * step, everybody / fetching_, room});
    fetched_ += each;
    const double came = each * fetching_;
    const double from_seeds = std::min(came, own + line);
    out_.provider_bytes += from_seeds * first_share;
    out_.peer_bytes += came - from_seeds * first_share;
    out_.received_bytes += came;
    first_bytes_ += (metadata + from_seeds) * first_share;
  }

  /// A piece passes through the crowd in steps, and the last one has to come to everybody.
  [[nodiscard]] double tail_s(double machines) const {
    const double near = std::min(machines, p_.max_connections);
    return near < 2 ? 0 : p_.cohort_steps * p_.step_s * std::log2(near);
  }

  void end() {
    while (!batches_.empty() && fetched_ - batches_.front().began_with >= image_ * (1 - 1e-9)) {
      const Batch batch = batches_.front();
      batches_.pop_front();
      const double tail = tail_s(fetching_);
      // Some are through early, which keeps a crowd from going in step.
      for (int part = 0; part < kSpread; ++part) {
        const double after = tail * (2 * part + 1) / kSpread;
        tail_.add(after, batch.machines / kSpread);
        tail_slots_.add(after + p_.linger_s, batch.slots / kSpread);
      }
    }
    const double ended = tail_.take();
    slots_ -= tail_slots_.take();
    if (ended > 0) {
      fetching_ -= ended;
      done_ += ended;
      completed_.emplace_back(now_, done_);
      completed_s_ += now_ * ended;
      booting_.add(p_.linger_s + p_.reboot_s, ended * s_.node_share);
    }
    later_ += booting_.take();
  }

  void note_moment() {
    out_.holder_peak_bps = std::max(out_.holder_peak_bps, load_.holder_in_bps());
    out_.other_node_peak_bps = std::max(out_.other_node_peak_bps, load_.other_in_bps());
    dht_bytes_ += load_.client_bytes_s() * (asking_ + knocking_now_ + fetching_) * kStep;
    if (now_ + kStep / 2 < next_moment_) return;
    Moment moment;
    moment.at_s = now_;
    moment.asking = asking_;
    moment.knocking = knocking_now_;
    moment.fetching = fetching_;
    moment.done = done_;
    moment.providers = seeds();
    moment.connections = slots_ / seeds();
    moment.provider_bps = first_bytes_ * 8 / moment_s_ / first_;
    moment.holder_in_bps = load_.holder_in_bps();
    moment.holder_answers = load_.item_share();
    first_bytes_ = 0;
    out_.moments.push_back(moment);
    if (log_ != nullptr) {
      char line[160];
      const int length =
          std::snprintf(line, sizeof line, "%.1f asking %.0f knocking %.0f fetching %.0f done %.0f seeds %.0f\n",
                        now_, asking_, knocking_now_, fetching_, done_, seeds());
      log_->write(line, length);
    }
    if (out_.moments.size() >= kMostMoments) {
      for (std::size_t i = 0; 2 * i < out_.moments.size(); ++i) out_.moments[i] = out_.moments[2 * i];
      out_.moments.resize(out_.moments.size() / 2);
      moment_s_ *= 2;
    }
    next_moment_ = now_ + moment_s_;
  }

  /// When `share` of all had fetched.
  [[nodiscard]] double when(double share) const {
    const auto at = std::lower_bound(completed_.begin(), completed_.end(), share * s_.clients - 0.5,
                                     [](const auto& one, double count) { return one.second < count; });
    return at == completed_.end() ? completed_.back().first : at->first;
  }

  Outcome result() {
    out_.done = static_cast<std::uint32_t>(std::llround(done_));
    if (!completed_.empty()) {
      out_.first_s = completed_.front().first;
      out_.median_s = when(0.5);
      out_.p95_s = when(0.95);
      out_.last_s = completed_.back().first;
      out_.mean_own_s = completed_s_ / done_ - s_.spread_s / 2;
      for (int hundredth = 1; hundredth <= 100; ++hundredth) {
        if (done_ >= hundredth / 100.0 * s_.clients - 1) out_.completions.push_back(when(hundredth / 100.0));
      }
    }
    out_.dht_bytes_per_client = dht_bytes_ / s_.clients;
    return std::move(out_);
  }

  const Parameters& p_;
  const Scenario& s_;
  std::ostream* log_;
  DhtLoad load_;
  Pieces pieces_;
  double image_, first_, first_line_, up_, down_;
  double later_ = 0;  ///< Providers that were clients.
  double now_ = 0, next_moment_ = 0, moment_s_ = 1;
  double on_ = 0, asking_ = 0, knocking_now_ = 0, fetching_ = 0, done_ = 0, ready_ = 0;
  double slots_ = 0;
  double fetched_ = 0;   ///< Bytes by somebody who was there from the beginning.
  double injected_ = 0;  ///< Of the image, in the crowd that fetches now.
  double metadata_queue_ = 0, own_queue_ = 0;
  double completed_s_ = 0, dht_bytes_ = 0, first_bytes_ = 0;
  Later item_, peers_, tail_, tail_slots_, booting_;
  std::vector<Later> knocking_;
  std::deque<Batch> batches_;
  std::vector<std::pair<double, double>> completed_;
  Outcome out_;
};

}  // namespace

Outcome run_cohorts(const Parameters& parameters, const Scenario& scenario, std::ostream* log) {
  check(scenario.providers > 0 && scenario.clients > 0 && scenario.clients <= kMostCohort,
        "a crowd that the cohort model takes");
  return Flow(parameters, scenario, log).run();
}

}  // namespace phase::sim::model
