// The public HTTP provider on a real socket, asked by curl and by clients that mean harm. Every
// hostile client counts what it delivered, so that a test in which nothing arrived fails.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "tests/integration/http_fixture.h"

namespace phase::node::test {
namespace {

using ::testing::HasSubstr;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST_F(HttpProviderTest, GivesCurlEveryFileOfARelease) {
  start();
  for (const auto& file : release_.info.files) {
    EXPECT_EQ(curl("", "/stable/amd64/" + file.path), content(file.path)) << file.path;
    EXPECT_EQ(curl("", "/release/" + release_.name + "/" + file.path), content(file.path));
  }
  EXPECT_EQ(curl("", "/stable/x86_64/release.torrent"), as_text(release_.torrent));
  EXPECT_EQ(curl("", "/pointer/" + release_.publisher.hex() + "/stable/x86_64"),
            as_text(encode_items(release_.pointer)));
  EXPECT_EQ(curl("", "/healthz"), "ok\n");
  EXPECT_GT(provider_->counters().bytes_sent, 6'000'000u);
}

TEST_F(HttpProviderTest, KeepsAConnectionForSeveralRequests) {
  start();
  const auto url = "http://127.0.0.1:" + std::to_string(port_) + "/healthz";
  EXPECT_EQ(output_of("curl -s -w '%{num_connects}' " + url + " " + url + " " + url),
            "ok\n1ok\n0ok\n0");
  EXPECT_EQ(provider_->counters().accepted, 1u);
  const auto twice = raw("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                         "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(twice.find("ok\nHTTP/1.1 200 OK"), std::string::npos) << twice;
}

TEST_F(HttpProviderTest, AnswersRangesHeadAndConditions) {
  start();
  const auto file = content("initramfs");
  const std::string path = "/stable/x86_64/initramfs";
  EXPECT_EQ(curl("-r 0-99", path), file.substr(0, 100));
  EXPECT_EQ(curl("-r 1000000-2000000", path), file.substr(1'000'000, 1'000'001));
  EXPECT_EQ(curl("-r -7", path), file.substr(file.size() - 7));
  EXPECT_EQ(status("-r 5-9", path), "206");
  EXPECT_EQ(status("-r 99999999-", path), "416");
  EXPECT_EQ(status("-r 0-1,5-6", path), "200");
  EXPECT_EQ(status("-r 0-" + std::string(60, '9'), path), "206");
  const auto head = curl("-I", path);
  const auto etag = "\"" + to_hex(release_.manifest.find(Role::kInitramfs)->sha256) + "\"";
  EXPECT_THAT(head, HasSubstr("Content-Length: " + std::to_string(file.size())));
  EXPECT_THAT(head, HasSubstr("ETag: " + etag));
  EXPECT_EQ(status("-H 'If-None-Match: " + etag + "'", path), "304");
  EXPECT_EQ(status("-H 'If-None-Match: \"x\"'", path), "200");
  EXPECT_EQ(status("-r 0-9 -H 'If-Range: " + etag + "'", path), "206");
  EXPECT_EQ(status("-r 0-9 -H 'If-Range: \"x\"'", path), "200");
  EXPECT_EQ(status("-X POST", path), "405");
  EXPECT_EQ(status("--data-binary xxxxx", path), "413");
  EXPECT_EQ(status("-H 'Expect: 100-continue'", path), "200");
}

/// The fields of an answer, without those that change by themselves.
std::string fields_of(const std::string& answer) {
  std::string kept = answer.substr(0, answer.find("\r\n\r\n") + 2);
  const auto date = kept.find("Date: ");
  return kept.erase(date, kept.find("\r\n", date) + 2 - date);
}

TEST_F(HttpProviderTest, HeadHasTheFieldsOfGet) {
  start();
  for (const char* path : {"/stable/x86_64/initramfs", "/healthz", "/stable/x86_64/manifest.json"}) {
    const auto rest = " " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const auto head = raw("HEAD" + rest);
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << path;
    EXPECT_EQ(fields_of(head), fields_of(raw("GET" + rest))) << path;
  }
}

TEST_F(HttpProviderTest, IfRangeTakesAStrongEtagOnly) {
  start();
  const std::string path = "/stable/x86_64/initramfs";
  const auto etag = "\"" + to_hex(release_.manifest.find(Role::kInitramfs)->sha256) + "\"";
  const auto asked = [&](const std::string& field) { return status("-r 0-9 -H '" + field + "'", path); };
  EXPECT_EQ(asked("If-Range: W/" + etag), "200");
  EXPECT_EQ(asked("If-Range: Sat, 29 Oct 1994 19:43:31 GMT"), "200");
  EXPECT_EQ(asked("If-Range: " + etag), "206");
  EXPECT_EQ(asked("If-Match: W/" + etag), "412");
  EXPECT_EQ(asked("If-Match: \"x\", " + etag), "206");
  EXPECT_EQ(asked("If-None-Match: W/" + etag), "304");
  // One field on two lines is one list (RFC 9110, 5.3).
  EXPECT_EQ(asked("If-None-Match: \"x\"' -H 'If-None-Match: " + etag), "304");
  EXPECT_THAT(curl("-i -r 99999999-", path),
              HasSubstr("Content-Range: bytes */" + std::to_string(content("initramfs").size())));
}

TEST_F(HttpProviderTest, AnswersPipelinedRequestsInOrder) {
  start();
  const auto file = content("initramfs");
  std::string requests, expected;
  for (std::size_t i = 0; i < 40; ++i) {
    const auto first = i * 70'000, last = first + 60'000;
    requests += "GET /stable/x86_64/initramfs HTTP/1.1\r\nHost: x\r\nRange: bytes=" +
                std::to_string(first) + "-" + std::to_string(last) + "\r\n" +
                (i == 39 ? "Connection: close\r\n\r\n" : "\r\n");
    expected += file.substr(first, last - first + 1);
  }
  const auto all = raw(requests);
  std::string bodies;
  for (std::size_t at = 0; at < all.size();) {
    ASSERT_EQ(all.compare(at, 13, "HTTP/1.1 206 "), 0) << all.substr(at, 200);
    const auto body = all.find("\r\n\r\n", at) + 4;
    bodies += all.substr(body, 60'001);
    at = body + 60'001;
  }
  EXPECT_TRUE(bodies == expected) << bodies.size() << " bytes instead of " << expected.size();
  EXPECT_EQ(provider_->counters().accepted, 1u);
}

TEST_F(HttpProviderTest, ResumesADownloadOfCurl) {
  start();
  const auto path = folder_.path() + "/part";
  write(path, as_bytes(std::string_view(content("initramfs")).substr(0, 1'234'567)));
  EXPECT_EQ(curl("-C - -w '%{http_code}' -o " + path, "/stable/x86_64/initramfs"), "206");
  const auto digest = digest_file(path);
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->sha256, release_.manifest.find(Role::kInitramfs)->sha256);
}

TEST_F(HttpProviderTest, NoTrickLeavesTheCatalogue) {
  start();
  for (const char* path :
       {"/../../etc/passwd", "/stable/../stable/x86_64/kernel", "//stable/x86_64/kernel",
        "/stable//x86_64/kernel", "/./healthz", "/stable/x86_64/", "/stable/x86_64/kernel/",
        "/stable/x86_64/../../../../../../etc/passwd", "/release/", "/", "/etc/passwd"})
    EXPECT_EQ(status("", path), "404") << path;
  for (const char* path : {"/%2e%2e/%2e%2e/etc/passwd", "/stable/x86_64/kernel%00.txt",
                           "/stable%2fx86_64%2fkernel", "/%68ealthz"})
    EXPECT_EQ(status("", path), "400") << path;
  EXPECT_EQ(provider_->counters().by_status[404], 11u);
  EXPECT_EQ(provider_->counters().by_status[400], 4u);
}

TEST_F(HttpProviderTest, RefusesHeadersThatAreTooLargeOrNone) {
  start();
  EXPECT_EQ(status("-H 'X: " + std::string(9'000, 'x') + "'", "/healthz"), "431");
  EXPECT_EQ(status("-H 'X: " + std::string(7'000, 'x') + "'", "/healthz"), "200");
  std::string many = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 2'000; ++i) many += "A: b\r\n";
  EXPECT_EQ(status("-H 'X: y'", "/" + std::string(9'000, 'a')), "431");
  EXPECT_THAT(raw(many + "\r\n"), HasSubstr("HTTP/1.1 431 "));
  EXPECT_THAT(raw("\x16\x03\x01\x02\r\n\r\n"), HasSubstr("HTTP/1.1 400 "));
  EXPECT_THAT(raw("GET /healthz HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 400 "));
  EXPECT_THAT(raw("POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\n0\r\n\r\n"),
              HasSubstr("HTTP/1.1 413 "));
  EXPECT_GE(provider_->counters().cut_connections, 4u);
}

// Slowloris: a byte at a time, each well before any idle timeout. The deadline counts from the
// first byte and is not moved by the next one.
TEST_F(HttpProviderTest, CutsAClientThatDripsItsHeader) {
  options_.header_deadline = milliseconds(600);
  start();
  const RawClient client(port_);
  const auto began = steady_clock::now();
  ASSERT_TRUE(client.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX: "));
  std::size_t dripped = 0;
  std::string reply;
  while (reply.empty() && !client.closed() && steady_clock::now() - began < std::chrono::seconds(20)) {
    dripped += client.send("x") ? 1 : 0;
    reply = client.read_to_end(milliseconds(50));
  }
  EXPECT_GT(dripped, 3u) << "the attack was not delivered";
  EXPECT_THAT(reply, HasSubstr("HTTP/1.1 408 "));
  EXPECT_GE(steady_clock::now() - began, milliseconds(500));
  EXPECT_EQ(provider_->counters().cut_connections, 1u);
}

TEST_F(HttpProviderTest, ClosesIdleConnectionsWithoutAWord) {
  options_.idle_timeout = milliseconds(300);
  start();
  const RawClient client(port_);
  EXPECT_EQ(client.read_to_end(milliseconds(10'000)), "");
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpProviderTest, CutsAReaderThatTakesNothing) {
  options_.progress_window = milliseconds(500);
  start();
  const RawClient client(port_, 4096);
  for (int i = 0; i < 8; ++i)
    ASSERT_TRUE(client.send("GET /stable/x86_64/initramfs HTTP/1.1\r\nHost: x\r\n\r\n"));
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (provider_->counters().cut_connections == 0 && steady_clock::now() < end)
    std::this_thread::yield();
  EXPECT_EQ(provider_->counters().cut_connections, 1u);
  EXPECT_GT(provider_->counters().bytes_sent, 0u) << "the attack was not delivered";
  EXPECT_LT(client.read_to_end(milliseconds(10'000)).size(), 24'000'000u);
}

TEST_F(HttpProviderTest, CapsConnectionsPerAddressAndServesOthersMeanwhile) {
  options_.max_per_address = 4;
  start();
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::make_unique<RawClient>(port_));
    ASSERT_TRUE(held.back()->send("GET /healthz HTTP/1.1\r\nHo"));
  }
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (provider_->counters().active < 4 && steady_clock::now() < end) std::this_thread::yield();
  ASSERT_EQ(provider_->counters().active, 4u);
  const RawClient fifth(port_);
  EXPECT_THAT(fifth.read_to_end(milliseconds(5'000)), HasSubstr("HTTP/1.1 503 "));
  EXPECT_EQ(status("--interface 127.0.0.2", "/healthz"), "200");
  EXPECT_EQ(provider_->counters().refused_connections, 1u);
  held.clear();
  while (provider_->counters().active > 0 && steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(status("", "/healthz"), "200");
}

TEST_F(HttpProviderTest, AnswersQuicklyWhileTwoHundredClientsMisbehave) {
  options_.max_per_address = 500;
  start();
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 200; ++i) {
    held.push_back(std::make_unique<RawClient>(port_, 4096));
    ASSERT_TRUE(held.back()->send(i % 3 == 0   ? ""
                                  : i % 3 == 1 ? "GET /healthz HTTP/1.1\r\nHo"
                                               : "GET /stable/x86_64/initramfs HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (provider_->counters().active < 200 && steady_clock::now() < end) std::this_thread::yield();
  ASSERT_EQ(provider_->counters().active, 200u) << "the attack was not delivered";
  const auto file = content("initramfs");
  EXPECT_EQ(curl("", "/stable/x86_64/initramfs"), file);
}

TEST_F(HttpProviderTest, SwapsTheCatalogueUnderRunningRequests) {
  start();
  const RawClient slow(port_, 4096);
  ASSERT_TRUE(slow.send("GET /stable/x86_64/initramfs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (provider_->counters().requests == 0 && steady_clock::now() < end) std::this_thread::yield();
  provider_->set_catalogue(std::make_shared<const Catalogue>());
  EXPECT_EQ(status("", "/stable/x86_64/initramfs"), "404");
  const auto reply = slow.read_to_end(milliseconds(20'000));
  EXPECT_TRUE(reply.ends_with(content("initramfs")));
}

TEST_F(HttpProviderTest, TellsPeers) {
  start();
  const auto infohash = to_hex(release_.info.infohashes.v1);
  EXPECT_EQ(status("", "/peers/" + infohash), "404");
  provider_->set_peers({{infohash, {*parse_endpoint("192.0.2.1:6881"),
                                    *parse_endpoint("[2001:db8::1]:6881")}}});
  EXPECT_EQ(curl("", "/peers/" + infohash), "192.0.2.1:6881\n[2001:db8::1]:6881\n");
}

TEST_F(HttpProviderTest, SaysThatAPortIsInUse) {
  start();
  auto options = options_;
  options.listen = {provider_->listening().front()};
  const auto second = HttpProvider::open(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kPortInUse);
  EXPECT_THAT(second.error().detail, HasSubstr("127.0.0.1:" + std::to_string(port_)));
}

}  // namespace
}  // namespace phase::node::test
