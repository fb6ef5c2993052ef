// Goal: what a mode rules out is off in the session and in the acquire, and so is what cannot go
// through a proxy. Method: the settings that come out.
#include "boot/visit.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

struct Prepared {
  AcquireOptions acquire;
  dht::SessionOptions session;
};

Visit in(Mode mode) {
  Visit out;
  out.mode = mode;
  return out;
}

Prepared prepared(const Visit& visit) {
  Prepared out;
  out.acquire.provider_urls = {"http://10.0.0.1"};
  const auto done = prepare(visit, out.acquire, out.session);
  EXPECT_TRUE(done.ok()) << done.error().detail;
  return out;
}

TEST(Visit, InternetAsksEverybody) {
  const auto out = prepared(in(Mode::kInternet));
  EXPECT_TRUE(out.acquire.use_dht && out.acquire.use_lan && out.session.enable_dht);
  EXPECT_EQ(out.acquire.provider_urls.size(), 1u);
  EXPECT_FALSE(out.session.anonymous);
}

TEST(Visit, LocalKeepsSessionAndHttpOnTheLink) {
  const auto out = prepared(in(Mode::kLocal));
  EXPECT_FALSE(out.acquire.use_dht || out.session.enable_dht);
  EXPECT_TRUE(out.acquire.use_lan);
  EXPECT_TRUE(out.acquire.http.only_on_link && out.session.only_on_link);
}

TEST(Visit, PrivateSaysNothingOnTheLink) {
  const auto out = prepared(in(Mode::kPrivate));
  EXPECT_FALSE(out.acquire.use_lan);
  EXPECT_TRUE(out.session.anonymous && out.session.read_only_dht);
}

TEST(Visit, AProxyTurnsOffWhatCannotGoThroughIt) {
  for (const Mode mode : {Mode::kInternet, Mode::kPrivate}) {
    const auto proxy = parse_endpoint("10.0.0.9:9050");
    Visit visit = in(mode);
    visit.proxy = proxy;
    const auto out = prepared(visit);
    EXPECT_FALSE(out.acquire.use_dht || out.session.enable_dht) << mode_name(mode);
    EXPECT_FALSE(out.acquire.use_lan) << mode_name(mode);
    EXPECT_TRUE(out.acquire.http.socks5 == proxy && out.session.socks5 == proxy);
  }
}

TEST(Visit, OfflineAsksNobody) {
  Visit visit = in(Mode::kInternet);
  visit.offline = true;
  const auto out = prepared(visit);
  EXPECT_FALSE(out.acquire.use_dht || out.acquire.use_lan || out.session.enable_dht);
  EXPECT_TRUE(out.acquire.only_cache);
  EXPECT_TRUE(out.acquire.provider_urls.empty());
}

}  // namespace
}  // namespace phase::boot
