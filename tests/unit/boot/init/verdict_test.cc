// Goal: PID 1 takes a whole verdict or none. Method: round trips; every cut; every flipped bit
// either is refused or changes nothing but what a text or number says.
#include "boot/init/verdict.h"

#include <gtest/gtest.h>

#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

Verdict sample() {
  Verdict verdict;
  verdict.folder = "phase-stable-x86_64-7-01234567";
  verdict.version = 7;
  verdict.channel = "stable";
  verdict.arch = "x86_64";
  verdict.signed_by = "0123456789abcdef";
  verdict.root_version = 3;
  verdict.root_counter = 2;
  verdict.root = "cm9vdA==";
  verdict.kernel = {"kernel", 14'000'000};
  verdict.initramfs = {"initramfs", 8'000'000};
  verdict.demand.kernel = 14'000'000;
  verdict.demand.kernel_memory = 52'000'000;
  verdict.demand.root_device = true;
  verdict.cmdline = "quiet root=\"LABEL=a b\"";
  verdict.hand_over = true;
  verdict.has_torrent = true;
  verdict.release = {{"kernel", 14'000'000}, {"trust/2.root.dsse", 700}};
  verdict.report = R"({"ok":true})";
  verdict.report_line = R"(PHASE-REPORT {"ok":true})";
  verdict.boot = R"({"key":"00"})";
  return verdict;
}

TEST(Verdict, ComesAcrossWhole) {
  Verdict verdict = sample();
  verdict.rootfs = VerdictFile{"rootfs", 5};
  const auto back = decode_verdict(encode_verdict(verdict));
  ASSERT_TRUE(back.ok()) << back.error().detail;
  EXPECT_EQ(back->folder, verdict.folder);
  EXPECT_EQ(back->kernel.size, 14'000'000u);
  EXPECT_EQ(back->initramfs.name, "initramfs");
  EXPECT_EQ(back->rootfs->size, 5u);
  ASSERT_EQ(back->release.size(), 2u);
  EXPECT_EQ(back->release[1].name, "trust/2.root.dsse");
  EXPECT_EQ(back->release[1].size, 700u);
  EXPECT_EQ(back->cmdline, verdict.cmdline);
  EXPECT_EQ(back->root_version, 3u);
  EXPECT_EQ(back->root_counter, 2u);
  EXPECT_EQ(back->root, verdict.root);
  EXPECT_EQ(back->report, verdict.report);
  EXPECT_EQ(back->report_line, verdict.report_line);
  EXPECT_EQ(back->boot, verdict.boot);
  EXPECT_EQ(back->demand.kernel_memory, 52'000'000u);
  EXPECT_TRUE(back->demand.root_device);
  EXPECT_EQ(encode_verdict(*back), encode_verdict(verdict));
}

TEST(Verdict, ErrorsComeAcross) {
  const auto back = decode_verdict(
      encode_verdict(Result<Verdict>(ErrorCode::kAltered, "kernel: SHA-256 is\nnot it")));
  EXPECT_ERROR(back, ErrorCode::kAltered);
  EXPECT_EQ(back.error().detail, "kernel: SHA-256 is?not it");
}

TEST(Verdict, NoCutIsAccepted) {
  const Bytes whole = encode_verdict(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_ERROR(decode_verdict(ByteView(whole).first(size)), ErrorCode::kInternal) << size;
  }
  Bytes longer = whole;
  longer.push_back('x');
  EXPECT_ERROR(decode_verdict(longer), ErrorCode::kInternal);
}

TEST(Verdict, NoFlippedBitMakesItUnsafe) {
  const Bytes whole = encode_verdict(sample());
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1u << (bit % 8)));
    const auto back = decode_verdict(flipped);
    if (!back.ok()) continue;
    EXPECT_EQ(encode_verdict(*back), flipped) << "bit " << bit << " was read as something else";
    EXPECT_EQ(back->folder.find('/'), std::string::npos);
  }
}

TEST(Verdict, NamesCannotLeaveTheFolder) {
  for (const char* name : {"../kernel", "/etc/passwd", "a/../b", "", ".", "a b"}) {
    Verdict verdict = sample();
    verdict.kernel.name = name;
    EXPECT_ERROR(decode_verdict(encode_verdict(verdict)), ErrorCode::kInternal) << name;
    verdict = sample();
    verdict.folder = name;
    EXPECT_ERROR(decode_verdict(encode_verdict(verdict)), ErrorCode::kInternal) << name;
    verdict = sample();
    verdict.release[1].name = name;
    EXPECT_ERROR(decode_verdict(encode_verdict(verdict)), ErrorCode::kInternal) << name;
  }
  Verdict verdict = sample();
  verdict.folder = "a/b";
  EXPECT_ERROR(decode_verdict(encode_verdict(verdict)), ErrorCode::kInternal);
}

// Every root has a version of at least 1: a verdict without one was never made.
TEST(Verdict, NamesTheRootItWasMadeBy) {
  Verdict verdict = sample();
  verdict.root_version = 0;
  EXPECT_ERROR(decode_verdict(encode_verdict(verdict)), ErrorCode::kInternal);
}

TEST(Verdict, NumberOfFilesIsLimited) {
  Verdict verdict = sample();
  verdict.release.assign(kMaxReleaseFiles, {"kernel", 1});
  EXPECT_TRUE(decode_verdict(encode_verdict(verdict)).ok());
  verdict.release.push_back({"kernel", 1});
  EXPECT_ERROR(decode_verdict(encode_verdict(verdict)), ErrorCode::kInternal);
}

TEST(Verdict, SizeIsLimited) {
  EXPECT_ERROR(decode_verdict(Bytes(kMaxVerdictBytes + 1, 'x')), ErrorCode::kInternal);
}

}  // namespace
}  // namespace phase::boot
