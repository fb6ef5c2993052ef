// dht/direct_search.cc
#include "dht/direct_search.h"

#include <algorithm>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/entry.hpp>

#include "dht/convert.h"

namespace phase::dht {
namespace {

// An answer is waited for as long as libtorrent does, 15 s; one that never comes back from it (the
// message could not be sent) is forgotten then.
constexpr std::size_t kMaxRequests = 4096;
constexpr std::chrono::seconds kForgotten{20};
// Every older item of the key is one more that can be replayed; beyond these only newer ones count.
constexpr std::size_t kMaxReported = 64;

std::string text_of(const Sha1& hash) {
  return std::string(as_text(hash));
}

Sha1 target_of(const PublicKey& key, const std::string& salt) {
  SignedItem item;
  item.key = key;
  item.salt = salt;
  return item.target();
}

}  // namespace

DirectSearch::DirectSearch(lt::session_handle session, EventQueue& events, Standpoint standpoint)
    : session_(std::move(session)),
      events_(events),
      standpoint_(std::make_unique<const Standpoint>(std::move(standpoint))) {}

void DirectSearch::add_nodes(const std::vector<Endpoint>& nodes) {
  for (const Endpoint& node : nodes) {
    const bool known = std::any_of(starts_.begin(), starts_.end(),
                                   [&](const Start& start) { return start.at == node; });
    if (known) continue;
    if (starts_.size() >= kMaxStarts) starts_.erase(starts_.begin());
    starts_.push_back({node});
    for (auto& [number, question] : questions_) question.lookup.add_start(node);
  }
}

void DirectSearch::find_item(LookupId id, const PublicKey& key, const std::string& salt) {
  const Sha1 target = target_of(key, salt);
  ask({id, target, std::pair{key, salt}, 0, {}, {}, DirectLookup(target, *standpoint_)});
}

void DirectSearch::find_peers(LookupId id, const Sha1& target) {
  ask({id, target, std::nullopt, 0, {}, {}, DirectLookup(target, *standpoint_)});
}

void DirectSearch::announce(const Sha1& target, std::uint16_t port) {
  withdraw(target);
  ask({std::nullopt, target, std::nullopt, port, {}, {}, DirectLookup(target, *standpoint_)});
}

void DirectSearch::withdraw(const Sha1& target) {
  std::erase_if(questions_, [&](const auto& one) {
    return one.second.announced_port != 0 && one.second.target == target;
  });
}

void DirectSearch::ask(Question question) {
  if (questions_.size() >= kMaxLookups) return;
  for (const DhtContact& contact : alive_) question.lookup.add_known(contact);
  // Each lookup begins with others, and those that may be dead come last: what one of them learns of
  // the nodes that answer, the next one has from the beginning.
  std::stable_partition(starts_.begin(), starts_.end(),
                        [](const Start& start) { return !start.waiting; });
  for (const Start& start : starts_) question.lookup.add_start(start.at);
  questions_.emplace(next_number_++, std::move(question));
}

void DirectSearch::set_waiting(const Endpoint& start, bool waiting) {
  const auto at = std::find_if(starts_.begin(), starts_.end(),
                               [&](const Start& one) { return one.at == start; });
  if (at != starts_.end()) at->waiting = waiting;
}

void DirectSearch::stop(LookupId id) {
  std::erase_if(questions_, [id](const auto& one) { return one.second.id == id; });
}

void DirectSearch::begin_again() {
  for (auto& [number, question] : questions_) question.lookup.begin_again();
}

void DirectSearch::tick(MonoTime now) {
  finish_peer_questions(now);
  std::size_t in_flight = 0;
  for (const auto& [number, question] : questions_) in_flight += question.lookup.in_flight(now);
  // One message of each in turn, so that none has all of them.
  for (bool more = true; more;) {
    more = false;
    for (auto& [number, question] : questions_) {
      if (in_flight >= kInFlight) return;
      const auto to = question.lookup.next(now);
      if (!to) continue;
      more = true;
      if (!make_room(now) || !budget_.spend(*to, now)) {
        question.lookup.refused(*to);
        continue;
      }
      ++in_flight;
      send(number, question, *to, now);
    }
  }
}

void DirectSearch::finish_peer_questions(MonoTime now) {
  for (auto& [number, question] : questions_) {
    if (question.item) continue;
    const auto nearest_open = question.lookup.nearest_open(now);
    if (question.announced_port != 0) announce_to_nearest(question, nearest_open, now);
    // In a small network fewer are enough.
    if (!nearest_open && !question.nearest.empty()) question.lookup.found();
  }
  std::erase_if(questions_, [this](const auto& one) {
    const Question& question = one.second;
    if (question.item || !question.lookup.over()) return false;
    if (question.announced_port != 0) return true;
    // Where nobody has answered, the network may not be there yet: begin_again().
    if (question.nearest.empty()) return false;
    events_.push(PeersAnswered{*question.id});
    return true;
  });
}

void DirectSearch::announce_to_nearest(Question& question,
                                       const std::optional<Sha1>& nearest_open, MonoTime now) {
  for (const StoreNodes::Node& node : question.nearest.take(nearest_open)) {
    if (!budget_.spend(node.at, now)) continue;
    lt::entry message;
    message["q"] = "announce_peer";
    message["a"]["info_hash"] = text_of(question.target);
    message["a"]["port"] = question.announced_port;
    message["a"]["implied_port"] = 0;
    message["a"]["token"] = node.token;
    session_.dht_direct_request(to_udp(node.at), message, lt::client_data_t());
  }
}

bool DirectSearch::make_room(MonoTime now) {
  if (requests_.size() < kMaxRequests) return true;
  std::erase_if(requests_, [&](const auto& one) { return now - one.second->sent >= kForgotten; });
  return requests_.size() < kMaxRequests;
}

void DirectSearch::send(std::uint64_t number, const Question& question, const Endpoint& to,
                        MonoTime now) {
  auto request = std::make_unique<Request>(Request{number, to, now});
  // libtorrent adds the rest: our id, a transaction id, and "ro" where the session is read-only.
  lt::entry message;
  message["q"] = question.item ? "get" : "get_peers";
  message["a"][question.item ? "target" : "info_hash"] = text_of(question.target);
  set_waiting(to, true);
  session_.dht_direct_request(to_udp(to), message, lt::client_data_t(request.get()));
  requests_.emplace(request.get(), std::move(request));
}

bool DirectSearch::handle(const lt::alert& alert) {
  const auto* answer = lt::alert_cast<lt::dht_direct_response_alert>(&alert);
  if (answer == nullptr) return false;
  const auto known = requests_.find(answer->userdata.get<Request>());
  if (known == requests_.end()) return true;
  const auto request = std::move(known->second);
  requests_.erase(known);
  const auto question = questions_.find(request->question);
  if (question == questions_.end()) return true;
  const Endpoint from = from_lt(static_cast<const lt::udp::endpoint&>(answer->endpoint));
  const lt::bdecode_node message = answer->response();
  // libtorrent 2.0.8 takes answers from any port of the address that was asked.
  if (message.type() == lt::bdecode_node::none_t || from != request->to) {
    question->second.lookup.refused(request->to);
  } else {
    take(question->second, from, from_span(message.data_section()));
  }
  return true;
}

void DirectSearch::take(Question& question, const Endpoint& from, ByteView bytes) {
  auto answer = decode_answer(bytes);
  if (!answer || !question.lookup.answered(from, answer->id, answer->nodes)) {
    question.lookup.refused(from);
    return;
  }
  set_waiting(from, false);
  remember({answer->id, from});
  if (!question.item) {
    if (question.id && !answer->peers.empty()) {
      events_.push(ProvidersFound{*question.id, std::move(answer->peers)});
    }
    if (answer->token.empty()) return;
    question.nearest.answered(distance(answer->id, question.target), from, answer->token);
    if (question.nearest.enough()) question.lookup.found();
    return;
  }
  report(question, std::move(*answer));
}

void DirectSearch::report(Question& question, DirectAnswer&& answer) {
  if (!answer.item || answer.item->key != question.item->first) return;
  SignedItem& item = *answer.item;
  item.salt = question.item->second;
  auto& reported = question.reported;
  const std::pair said{item.seq, item.signature};
  if (std::find(reported.begin(), reported.end(), said) != reported.end()) return;
  // What nobody signed must not end the search.
  if (!verify_item(item)) return;
  if (reported.size() >= kMaxReported) {
    if (item.seq <= std::max_element(reported.begin(), reported.end())->first) return;
    reported.erase(std::min_element(reported.begin(), reported.end()));
  }
  reported.push_back(said);
  question.lookup.found();
  events_.push(ItemFound{*question.id, std::move(item)});
}

void DirectSearch::remember(const DhtContact& contact) {
  std::erase_if(alive_, [&](const DhtContact& one) { return one.at == contact.at; });
  if (alive_.size() >= kMaxAlive) alive_.erase(alive_.begin());
  alive_.push_back(contact);
}

MonoTime DirectSearch::next_tick() const {
  MonoTime next = MonoTime::max();
  bool at_once = false;
  for (const auto& [number, question] : questions_) {
    const MonoTime deadline = question.lookup.deadline();
    at_once |= deadline == MonoTime{};
    if (deadline != MonoTime{}) next = std::min(next, deadline);
  }
  // One that has asked nobody yet waits for room that others make.
  return at_once && next == MonoTime::max() ? MonoTime{} : next;
}

}  // namespace phase::dht
