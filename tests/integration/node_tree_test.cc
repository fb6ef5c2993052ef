// Goal: the one line `plasmd serve -a DIR -p 8080` over a plain tree gives wget its file and
// machines a signed release. Method: the line itself, real wget, a real fetch.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "node_fixture.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;

class Tree : public Nodes {
 protected:
  void SetUp() override {
    Nodes::SetUp();
    std::filesystem::create_directories(tree() + "/stable/arm64");
    write(tree() + "/stable/arm64/kernel", arm64_kernel());
    write(tree() + "/stable/arm64/initramfs", initramfs());
  }
  [[nodiscard]] std::string tree() const { return folder() + "/tree"; }
  sim::Process& serve() {
    return *must(world().start_provider(
        with_bootstrap({"plasmd", "serve", "-a", tree(), "-p", "8080", "--state", folder() + "/state"})));
  }
};

TEST_F(Tree, IsServedToWgetAndSignedForMachines) {
  sim::Process& node = serve();
  const auto key = must(node.wait_for_line("phase\\.key=([0-9a-f]{64})", minutes(1)));
  must(node.wait_for_line("^pointer stored .* nodes=[1-9]", minutes(1)));

  const Ended wget = run("router", {"wget", "-q", "-O", folder() + "/got",
                                    "http://10.77.3.1:8080/stable/aarch64/kernel"});
  ASSERT_EQ(wget.code, 0) << wget.output;
  EXPECT_EQ(must(digest_file(folder() + "/got")).sha256,
            must(digest_file(tree() + "/stable/arm64/kernel")).sha256);

  const Ended fetched = run("router", with_bootstrap({"plasmd", "fetch", "--trust", key.groups[1], "--arch",
                                                      "arm64", "--out", folder() + "/out", "--timeout", "60"}));
  EXPECT_EQ(fetched.code, 0) << fetched.output;
  // The key stays out of what is served.
  EXPECT_FALSE(std::filesystem::exists(tree() + "/node.key"));
  EXPECT_EQ(std::filesystem::status(folder() + "/state/node.key").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(Tree, AChangedFileBecomesTheNextReleaseOnceItIsQuiet) {
  sim::Process& node = serve();
  must(node.wait_for_line("^serving .*arch=aarch64 version=1 ", minutes(1)));
  write(tree() + "/stable/arm64/kernel", arm64_kernel(40U << 20));
  must(node.wait_for_line("^serving .*arch=aarch64 version=2 ", minutes(1)));
}

TEST_F(Tree, UnsignedIsPlainHttpAndNothingElse) {
  auto* node = must(world().start_provider(
      {"plasmd", "serve", "-a", tree(), "--unsigned", "--state", folder() + "/state"}));
  must(node->wait_for_line("^serving paths=", minutes(1)));
  const std::string url = "http://10.77.3.1:8080/stable/arm64/";
  const Ended kernel = run("router", {"curl", "-sf", "-o", folder() + "/got", url + "kernel"});
  EXPECT_EQ(kernel.code, 0) << kernel.output;
  EXPECT_EQ(must(digest_file(folder() + "/got")).sha256,
            must(digest_file(tree() + "/stable/arm64/kernel")).sha256);
  const Ended manifest = run("router", {"curl", "-sf", url + "manifest.dsse"});
  EXPECT_EQ(manifest.code, 22) << "a manifest, though nothing is signed";

  write(tree() + "/stable/arm64/kernel", arm64_kernel(40U << 20));
  must(node->wait_for_line("^serving paths=", minutes(1), 3));
  EXPECT_FALSE(std::filesystem::exists(folder() + "/state"));
}

}  // namespace
}  // namespace phase::node::test
