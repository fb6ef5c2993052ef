// Goal: a node that is just starting is not taken for one that has nothing. Method: HTTP requests while
// the files are still to be hashed, and after: of the provider alone, and of `plasmd serve --unsigned`,
// whose own word that it listens comes before it looks at a file.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "node/serve_unsigned.h"
#include "tests/integration/http_fixture.h"

namespace phase::node::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using std::chrono::seconds;

constexpr const char* kKernel = "/stable/x86_64/kernel";

std::string ask(std::uint16_t port) {
  const RawClient client(port);
  EXPECT_TRUE(client.send(std::string("GET ") + kKernel +
                          " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  return client.read_to_end(seconds(5));
}

void expect_not_yet(const std::string& answer) {
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 10\r\n"));
}

TEST(HttpBeforeTheFirstCatalogue, TheProviderSaysWhenToAskAgain) {
  HttpProviderOptions options;
  options.listen = {*parse_endpoint("127.0.0.1:0")};
  const auto provider = HttpProvider::open(options);
  ASSERT_TRUE(provider.ok()) << provider.error().detail;
  const std::uint16_t port = (*provider)->listening().front().port;
  expect_not_yet(ask(port));
  (*provider)->set_catalogue(std::make_shared<const Catalogue>());
  EXPECT_THAT(ask(port), StartsWith("HTTP/1.1 404 "));
}

TEST(HttpBeforeTheFirstCatalogue, UnsignedToo) {
  const TempFolder folder;
  std::filesystem::create_directories(folder.path() + "/stable/x86_64");
  write(folder.path() + kKernel, as_bytes("a kernel"));
  HttpProviderOptions options;
  options.listen = {*parse_endpoint("127.0.0.1:0")};
  ServeEvents events;  // Blocks the signal that ends it.
  std::uint16_t port = 0;
  std::string first;
  bool served = false;
  std::thread client;
  const auto announce = [&](const std::string& line) {
    constexpr std::string_view kListening = "listening http=";
    if (line.starts_with(kListening)) {
      port = parse_endpoint(line.substr(kListening.size()))->port;
      first = ask(port);
    }
    if (!line.starts_with("serving paths=")) return;
    client = std::thread([&] {
      const auto until = std::chrono::steady_clock::now() + seconds(20);
      while (!served && std::chrono::steady_clock::now() < until) {
        served = ask(port).ends_with("\r\n\r\na kernel");
      }
      ::kill(::getpid(), SIGTERM);
    });
  };
  const Log log(system_clock());
  const auto ended = serve_unsigned(folder.path(), options, events, log, announce);
  if (client.joinable()) client.join();
  ASSERT_TRUE(ended.ok()) << ended.error().detail;
  expect_not_yet(first);
  EXPECT_TRUE(served);
}

}  // namespace
}  // namespace phase::node::test
