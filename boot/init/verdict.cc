#include "boot/init/verdict.h"

#include <algorithm>
#include <charconv>

#include "boot/init/status_line.h"
#include "proto/names.h"

namespace phase::boot {
namespace {

constexpr std::string_view kGood = "phase-verdict 1";
constexpr std::string_view kBad = "phase-refusal 1";
constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kMaxBlock = 64 * 1024;

bool printable_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// Nothing that is written can end its line early.
std::string one_line(std::string_view text) {
  std::string out(text.substr(0, kMaxLine));
  std::replace_if(out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

class Writer {
 public:
  void line(std::string_view text) { text_ += one_line(text) + "\n"; }
  void number(std::uint64_t value) { line(std::to_string(value)); }
  void file(const VerdictFile& file) {
    line(file.name);
    number(file.size);
  }
  void block(std::string_view bytes) {
    number(bytes.size());
    text_ += bytes;
    text_ += '\n';
  }
  [[nodiscard]] Bytes take() const { return {text_.begin(), text_.end()}; }

 private:
  std::string text_;
};

// Reads in the order in which Writer wrote; after the first defect everything is empty.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::string line() {
    const std::size_t end = text_.find('\n');
    if (end == std::string_view::npos || end > kMaxLine) return fail();
    const std::string_view out = text_.substr(0, end);
    if (!printable_text(out)) return fail();
    text_.remove_prefix(end + 1);
    return std::string(out);
  }
  std::uint64_t number() {
    const std::string digits = line();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    // One way to write each number: no leading zeros.
    if (error != std::errc() || end != digits.data() + digits.size() ||
        std::to_string(value) != digits) {
      fail();
    }
    return value;
  }
  bool flag() {
    const std::uint64_t value = number();
    if (value > 1) fail();
    return value == 1;
  }
  VerdictFile file() {
    VerdictFile out;
    out.name = line();
    out.size = number();
    if (!valid_artifact_name(out.name)) fail();
    return out;
  }
  std::vector<VerdictFile> files() {
    const std::uint64_t count = number();
    if (count > kMaxReleaseFiles) fail();
    std::vector<VerdictFile> out;
    while (good_ && out.size() < count) out.push_back(file());
    return out;
  }
  std::string block() {
    const std::uint64_t size = number();
    if (size > kMaxBlock || text_.size() <= size || text_[size] != '\n') return fail();
    std::string out(text_.substr(0, size));
    if (!printable_text(out)) return fail();
    text_.remove_prefix(size + 1);
    return out;
  }
  [[nodiscard]] bool ended_well() const { return good_ && text_.empty(); }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string fail() {
    good_ = false;
    text_ = {};
    return {};
  }
  std::string_view text_;
  bool good_ = true;
};

void write_demand(Writer& out, const Demand& demand) {
  for (const std::uint64_t part :
       {demand.kernel, demand.initramfs, demand.rootfs, demand.others, demand.kernel_memory,
        demand.initramfs_unpacked, std::uint64_t{demand.root_device}}) {
    out.number(part);
  }
}

Demand read_demand(Reader& in) {
  Demand demand;
  for (std::uint64_t* part : {&demand.kernel, &demand.initramfs, &demand.rootfs, &demand.others,
                              &demand.kernel_memory, &demand.initramfs_unpacked}) {
    *part = in.number();
  }
  demand.root_device = in.flag();
  return demand;
}

}  // namespace

Bytes encode_verdict(const Result<Verdict>& verdict) {
  Writer out;
  if (!verdict) {
    out.line(kBad);
    out.number(static_cast<std::uint64_t>(exit_code(verdict.error().code)));
    out.line(verdict.error().detail);
    return out.take();
  }
  out.line(kGood);
  out.line(verdict->folder);
  out.number(verdict->version);
  out.line(verdict->channel);
  out.line(verdict->arch);
  out.line(verdict->signed_by);
  out.file(verdict->kernel);
  out.file(verdict->initramfs);
  out.number(verdict->rootfs.has_value());
  if (verdict->rootfs) out.file(*verdict->rootfs);
  write_demand(out, verdict->demand);
  out.line(verdict->cmdline);
  out.number(verdict->root_version);
  out.number(verdict->root_counter);
  out.block(verdict->root);
  out.number(verdict->hand_over);
  out.number(verdict->has_torrent);
  out.number(verdict->release.size());
  for (const VerdictFile& file : verdict->release) out.file(file);
  out.block(verdict->report);
  out.block(verdict->report_line);
  out.block(verdict->boot);
  return out.take();
}

Result<Verdict> decode_verdict(ByteView message) {
  const Error broken{ErrorCode::kInternal, "the verifier ended without a verdict"};
  if (message.size() > kMaxVerdictBytes) return broken;
  Reader in(as_text(message));
  const std::string kind = in.line();
  if (kind == kBad) {
    const ErrorCode code = error_code_of(in.number());
    std::string detail = in.line();
    return in.ended_well() ? Error{code, std::move(detail)} : broken;
  }
  if (kind != kGood) return broken;
  Verdict out;
  out.folder = in.line();
  out.version = in.number();
  out.channel = in.line();
  out.arch = in.line();
  out.signed_by = in.line();
  out.kernel = in.file();
  out.initramfs = in.file();
  if (in.flag()) out.rootfs = in.file();
  out.demand = read_demand(in);
  out.cmdline = in.line();
  out.root_version = in.number();
  out.root_counter = in.number();
  out.root = in.block();
  out.hand_over = in.flag();
  out.has_torrent = in.flag();
  out.release = in.files();
  out.report = in.block();
  out.report_line = in.block();
  out.boot = in.block();
  const bool one_component =
      valid_artifact_name(out.folder) && out.folder.find('/') == std::string::npos;
  if (!in.ended_well() || !one_component || out.version == 0 || out.root_version == 0) {
    return broken;
  }
  return out;
}

}  // namespace phase::boot
