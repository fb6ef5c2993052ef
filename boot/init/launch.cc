#include "boot/init/launch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "boot/init/handover.h"
#include "boot/init/identities.h"
#include "boot/init/kexec.h"
#include "boot/init/verify_release.h"
#include "boot/mode_policy.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;

constexpr seconds kFreezeTime{5};

/// A file mapped for reading: a rootfs is too large to be read into memory of PID 1.
class Mapping {
 public:
  Mapping(int fd, std::size_t size) : size_(size) {
    if (size == 0) return;
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at != MAP_FAILED) at_ = at;
  }
  ~Mapping() {
    if (at_ != nullptr) ::munmap(at_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  [[nodiscard]] bool good() const { return at_ != nullptr || size_ == 0; }
  [[nodiscard]] ByteView bytes() const {
    return {static_cast<const std::uint8_t*>(at_), at_ == nullptr ? 0 : size_};
  }

 private:
  void* at_ = nullptr;
  std::size_t size_ = 0;
};

/// The file as the verifier saw it, or an error: nothing can have changed since.
Result<Fd> open_verified(const FetchArea& area, const Verdict& verdict, const VerdictFile& file,
                         int flags) {
  Fd fd(open_below(area.path(), verdict.folder + "/" + file.name, flags));
  struct stat status {};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
    return {ErrorCode::kInternal, file.name + ": " + std::strerror(errno)};
  }
  if (static_cast<std::uint64_t>(status.st_size) != file.size) {
    return {ErrorCode::kAltered, file.name + " changed its size after it was verified"};
  }
  return fd;
}

/// What the next system begins with, where that is more than a key: the root that is current now,
/// so that nobody brings an older one back.
std::string next_trust(const Verdict& verdict) {
  const auto document = from_base64(verdict.root);
  if (!document || document->empty()) return {};
  return "root = \"" + to_base64(*document) + "\"\n";
}

/// What is handed over, and what holds its bytes meanwhile.
struct Handed {
  Bytes torrent, pointer, nodes;
  std::string trust;
  std::vector<std::unique_ptr<Mapping>> mapped;
  std::vector<HandoverFile> rootfs, papers, release;
};

Result<ByteView> map_verified(const FetchArea& area, const Verdict& verdict,
                              const VerdictFile& file, Handed& handed) {
  const auto opened = open_verified(area, verdict, file, O_RDONLY);
  if (!opened) return opened.error();
  handed.mapped.push_back(std::make_unique<Mapping>(opened->get(), file.size));
  if (!handed.mapped.back()->good()) return {ErrorCode::kMemory, file.name + " cannot be mapped"};
  return handed.mapped.back()->bytes();
}

/// What the network child left besides. It is not there after every boot, and worth no boot.
Bytes small_paper(const FetchArea& area, const char* name, std::size_t cap) {
  auto content = read_below(area.path(), name, cap);
  return content ? std::move(*content) : Bytes();
}

Result<void> collect_papers(const FetchArea& area, const Verdict& verdict, bool serves,
                            Handed& handed) {
  auto& papers = handed.papers;
  handed.trust = next_trust(verdict);
  if (!verdict.report.empty()) papers.push_back({kReportName, as_bytes(verdict.report), {}});
  papers.push_back({kBootName, as_bytes(verdict.boot), {}});
  if (!handed.trust.empty()) papers.push_back({kTrustName, as_bytes(handed.trust), {}});
  if (serves) {
    handed.pointer = small_paper(area, kPointerName, kMaxPointerFileBytes);
    handed.nodes = small_paper(area, kNodesName, kMaxNodesFileBytes);
  }
  if (!handed.pointer.empty()) papers.push_back({kPointerName, handed.pointer, {}});
  if (!handed.nodes.empty()) papers.push_back({kNodesName, handed.nodes, {}});
  if (!verdict.has_torrent) return {};
  auto torrent = read_below(area.path(), kTorrentName, kMaxTorrentBytes);
  if (!torrent) return torrent.error();
  handed.torrent = std::move(*torrent);
  papers.push_back({kTorrentName, handed.torrent, {}});
  return {};
}

Result<void> collect_release(const FetchArea& area, const Verdict& verdict, Handed& handed) {
  for (const VerdictFile& file : verdict.release) {
    const std::string name = std::string(kReleaseName) + "/" + file.name;
    if (verdict.rootfs && file.name == verdict.rootfs->name) {
      // Its bytes are handed over already; this is their second name.
      handed.rootfs.front().also = name;
      continue;
    }
    const auto content = map_verified(area, verdict, file, handed);
    if (!content) return content.error();
    handed.release.push_back({name, *content, {}});
  }
  return {};
}

Result<Handed> collect(Context& context, const FetchArea& area, const Verdict& verdict) {
  Handed handed;
  if (verdict.rootfs) {
    const auto content = map_verified(area, verdict, *verdict.rootfs, handed);
    if (!content) return content.error();
    handed.rootfs.push_back({kRootfsName, *content, {}});
  }
  if (!verdict.hand_over) return handed;
  const bool serves = policy_of(context.options.mode).serve_next;
  if (auto papers = collect_papers(area, verdict, serves, handed); !papers) return papers.error();
  if (auto release = collect_release(area, verdict, handed); !release) return release.error();
  return handed;
}

Result<void> append(int initramfs, const Verdict& verdict, const Handed& handed, Console& console) {
  std::vector<HandoverFile> files = handed.rootfs;
  files.insert(files.end(), handed.papers.begin(), handed.papers.end());
  if (!handed.release.empty()) {
    std::vector<HandoverFile> all = files;
    all.insert(all.end(), handed.release.begin(), handed.release.end());
    auto appended = append_handover(initramfs, verdict.initramfs.size, all);
    if (appended || appended.error().code != ErrorCode::kStore) return appended;
    console.line("the release is not handed over: " + appended.error().detail, Level::kWarning);
    for (HandoverFile& file : files) file.also.clear();
  }
  return append_handover(initramfs, verdict.initramfs.size, files);
}

Result<void> append_files(Context& context, const FetchArea& area, const Verdict& verdict,
                          const Handed& handed) {
  auto initramfs = open_verified(area, verdict, verdict.initramfs, O_WRONLY);
  if (!initramfs) return initramfs.error();
  return append(initramfs->get(), verdict, handed, context.console);
}

/// The area is writable (for root) within this, and read-only again when it returns.
Result<void> hand_over(Context& context, FetchArea& area, const Verdict& verdict) {
  if (!verdict.hand_over && !verdict.rootfs) {
    context.console.line("hand-over left out: no room beside kernel and initramfs",
                         Level::kWarning);
    return {};
  }
  auto handed = collect(context, area, verdict);
  if (!handed) return handed.error();
  if (auto thawed = area.thaw(); !thawed) return thawed;
  const auto appended = append_files(context, area, verdict, *handed);
  if (auto frozen = area.freeze_again(context.clock.now() + kFreezeTime, context.clock); !frozen)
    return frozen;
  if (appended) return {};
  // append_handover() has cut the file back; without a rootfs the system starts without the rest.
  if (appended.error().code != ErrorCode::kStore || verdict.rootfs) return appended;
  context.console.line(appended.error().detail, Level::kWarning);
  return {};
}

Result<void> load(Context& context, const FetchArea& area, const Verdict& verdict,
                  const TrustPolicy& policy) {
  auto cmdline = next_cmdline(verdict.cmdline, context.options, policy.command_line);
  if (!cmdline) return cmdline.error();
  for (const std::string& word : cmdline->left_out) context.console.line(word, Level::kWarning);
  const Fd kernel(open_below(area.path(), verdict.folder + "/" + verdict.kernel.name, O_RDONLY));
  const Fd initramfs(
      open_below(area.path(), verdict.folder + "/" + verdict.initramfs.name, O_RDONLY));
  if (!kernel.valid() || !initramfs.valid()) {
    return {ErrorCode::kInternal, std::string("verified files: ") + std::strerror(errno)};
  }
  const MonoTime begin = context.clock.now();
  if (auto loaded = load_kernel(kernel.get(), initramfs.get(), cmdline->text); !loaded) {
    return loaded;
  }
  char took[32];
  std::snprintf(took, sizeof took, "%.2f",
                std::chrono::duration<double>(context.clock.now() - begin).count());
  context.console.line("kexec: version " + std::to_string(verdict.version) + " of " +
                       verdict.channel + " loaded in " + took + " s, next command line: " +
                       cmdline->text);
  return {};
}

}  // namespace

Error launch(Context& context, FetchArea& area, const Verdict& verdict, const TrustPolicy& policy) {
  context.console.line("verified: version " + std::to_string(verdict.version) + " of " +
                       verdict.channel + " for " + verdict.arch + ", signed by " +
                       verdict.signed_by);
  if (auto handed = hand_over(context, area, verdict); !handed) {
    return handed.error().in("hand-over");
  }
  if (auto loaded = load(context, area, verdict, policy); !loaded) return loaded.error();
  context.console.bare_line(verdict.report_line);
  context.console.flush(context.clock.now() + seconds(2));
  context.console.close_consoles();
  Error refused = jump();
  context.console.rescan();
  return refused;
}

}  // namespace phase::boot
