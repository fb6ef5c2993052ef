#include "node/http_shared.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace phase::node {
namespace {

std::string text_at(const Catalogue& catalogue, const std::string& path) {
  const auto entry = catalogue.find(path);
  return entry ? std::string(as_text(*entry->memory)) : "";
}

TEST(HttpShared, AnswersARequestFromWhatWasServedWhenItBegan) {
  HttpShared shared(HttpProviderOptions{});
  auto first = std::make_shared<Catalogue>();
  first->add_bytes("/a", Bytes{'1'}, "text/plain");
  const std::weak_ptr<const Catalogue> watched = first;
  shared.set_catalogue(std::move(first));
  {
    const auto served = shared.begin_request();
    shared.set_catalogue(std::make_shared<const Catalogue>());
    shared.set_peers({{"aa", {*parse_endpoint("192.0.2.1:1")}}});
    EXPECT_EQ(text_at(*served.catalogue, "/a"), "1");
    EXPECT_EQ(text_at(*served.peers, "/peers/aa"), "");
  }
  EXPECT_TRUE(watched.expired()) << "its files stay open";
  const auto served = shared.begin_request();
  EXPECT_EQ(text_at(*served.catalogue, "/a"), "");
  EXPECT_EQ(text_at(*served.peers, "/peers/aa"), "192.0.2.1:1\n");
  EXPECT_EQ(shared.counters().requests, 2u);
}

TEST(HttpShared, ServesNothingBeforeSomethingIsSet) {
  HttpShared shared(HttpProviderOptions{});
  const auto served = shared.begin_request();
  EXPECT_EQ(served.catalogue, nullptr);
  ASSERT_NE(served.peers, nullptr);
  EXPECT_EQ(served.peers->find("/"), nullptr);
}

TEST(HttpShared, TellsNoMorePeersThanTheLimit) {
  HttpShared shared(HttpProviderOptions{});
  std::vector<Endpoint> many(1'000, *parse_endpoint("192.0.2.1:1"));
  shared.set_peers({{"aa", std::move(many)}});
  const auto body = text_at(*shared.begin_request().peers, "/peers/aa");
  EXPECT_EQ(std::count(body.begin(), body.end(), '\n'), 200);
}

TEST(HttpShared, CountsAnswersByStatusAndConnectionsByTheGate) {
  HttpProviderOptions options;
  options.max_connections = 1;
  HttpShared shared(options);
  const auto pass = shared.gate().enter(*parse_endpoint("192.0.2.1:1"));
  ASSERT_TRUE(pass);
  EXPECT_FALSE(shared.gate().enter(*parse_endpoint("192.0.2.2:1")));
  shared.count(&HttpCounters::bytes_sent, 70);
  shared.count(&HttpCounters::cut_connections);
  shared.count_answer(200);
  shared.count_answer(404);
  shared.count_answer(200);
  const auto counters = shared.counters();
  EXPECT_EQ(counters.active, 1u);
  EXPECT_EQ(counters.bytes_sent, 70u);
  EXPECT_EQ(counters.cut_connections, 1u);
  EXPECT_EQ(counters.by_status, (std::map<unsigned, std::uint64_t>{{200, 2}, {404, 1}}));
}

}  // namespace
}  // namespace phase::node
