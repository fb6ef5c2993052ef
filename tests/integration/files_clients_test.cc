// Goal: with programs that every system has, and the publisher's public key, a person gets a
// release from a running node and knows that it is the right one. Method: the commands of
// docs/CLIENTS.md.
#include <gmock/gmock.h>

#include <filesystem>

#include "clients_fixture.h"

namespace phase::node::test {
namespace {

class FileClients : public Clients {};

TEST_F(FileClients, CurlWgetMinisignAndSha256sumGetAndCheckARelease) {
  serve();
  std::filesystem::create_directories(own("got"));
  std::filesystem::copy_file(folder() + "/key/phase.pub", own("got/phase.pub"));

  const Ended all = run_page("sh files", own("got"));

  EXPECT_EQ(all.code, 0) << all.output;
  EXPECT_THAT(all.output, testing::HasSubstr("Signature and comment signature verified"));
  for (const char* file : {"kernel", "initramfs", "manifest.dsse"})
    EXPECT_THAT(all.output, testing::HasSubstr(std::string(file) + ": OK")) << file;
  expect_release_in(own("got"));
}

}  // namespace
}  // namespace phase::node::test
