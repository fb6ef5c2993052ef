// What is written here is for other people's programs, so they check it: sha256sum and minisign.
#include "proto/checksums.h"

#include <filesystem>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::run;

/// A release folder whose files are what its manifest says.
Sha256 write_release(const test::TempFolder& folder, Manifest& document) {
  std::filesystem::create_directory(folder / "dtbs");
  for (Artifact& artifact : document.artifacts) {
    const Bytes content = test::pattern(artifact.size);
    test::write_file(folder / artifact.name, content);
    artifact.sha256 = sha256(content);
  }
  const Bytes envelope = test::signed_manifest(document, {1});
  test::write_file(folder / "manifest.dsse", envelope);
  return sha256(envelope);
}

TEST(Checksums, AreSortedByName) {
  const Manifest document = test::manifest();
  const std::string text = checksums(document, sha256(as_bytes("x")));
  EXPECT_EQ(text, to_hex(sha256(as_bytes("dtbs/board.dtb"))) + "  dtbs/board.dtb\n" +
                      to_hex(sha256(as_bytes("initramfs"))) + "  initramfs\n" +
                      to_hex(sha256(as_bytes("kernel"))) + "  kernel\n" +
                      to_hex(sha256(as_bytes("x"))) + "  manifest.dsse\n");
}

TEST(Checksums, AreWhatSha256sumChecks) {
  const test::TempFolder folder;
  Manifest document = test::manifest();
  const Sha256 hash = write_release(folder, document);
  test::write_file(folder / "SHA256SUMS", as_bytes(checksums(document, hash)));
  const auto good = run(folder.path(), {"sha256sum", "--strict", "-c", "SHA256SUMS"});
  EXPECT_EQ(good.status, 0) << good.output;
  EXPECT_NE(good.output.find("manifest.dsse: OK"), std::string::npos) << good.output;

  test::write_file(folder / "kernel", as_bytes("altered"));
  const auto altered = run(folder.path(), {"sha256sum", "--strict", "-c", "SHA256SUMS"});
  EXPECT_EQ(altered.status, 1) << altered.output;
  EXPECT_NE(altered.output.find("kernel: FAILED"), std::string::npos) << altered.output;
}

TEST(Minisign, VerifiesWhatWeSign) {
  const test::TempFolder folder;
  const SecretKey secret = test::key(1);
  const std::string text = checksums(test::manifest(), {});
  test::write_file(folder / "SHA256SUMS", as_bytes(text));
  test::write_file(folder / "SHA256SUMS.minisig",
                   as_bytes(minisign_signature(text, secret, "release 7 of stable/x86_64")));
  const std::vector<std::string> command{"minisign",   "-V", "-m",
                                         "SHA256SUMS", "-P", secret.public_key().minisign()};
  const auto good = run(folder.path(), command);
  EXPECT_EQ(good.status, 0) << good.output;
  EXPECT_NE(good.output.find("release 7 of stable/x86_64"), std::string::npos) << good.output;

  test::write_file(folder / "SHA256SUMS", as_bytes(text + " "));
  EXPECT_NE(run(folder.path(), command).status, 0) << "an altered file";
}

TEST(Minisign, RefusesAnotherKeyAndAnAlteredComment) {
  const test::TempFolder folder;
  const std::string text = "x\n";
  const std::string signature = minisign_signature(text, test::key(1), "version 7");
  test::write_file(folder / "f", as_bytes(text));
  test::write_file(folder / "f.minisig", as_bytes(signature));
  EXPECT_NE(
      run(folder.path(), {"minisign", "-V", "-m", "f", "-P", test::key(2).public_key().minisign()})
          .status,
      0);
  std::string altered = signature;
  altered.replace(altered.find("version 7"), 9, "version 8");
  test::write_file(folder / "f.minisig", as_bytes(altered));
  EXPECT_NE(
      run(folder.path(), {"minisign", "-V", "-m", "f", "-P", test::key(1).public_key().minisign()})
          .status,
      0);
}

TEST(MinisignDeathTest, ATrustedCommentIsOneLine) {
  EXPECT_DEATH((void)minisign_signature("x", test::key(1), "a\nb"), "one line");
}

}  // namespace
}  // namespace phase
