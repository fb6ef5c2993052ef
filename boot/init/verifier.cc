#include "boot/init/verifier.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "boot/init/small_file.h"
#include "boot/machine/child_rights.h"

namespace phase::boot {
namespace {

// The verifier's own numbers for its two pipes.
constexpr int kQuestions = 3;
constexpr int kVerdicts = 4;
constexpr std::size_t kMaxQuestion = 8 * 1024;

// Between two processes of one program: the name, then a line "<stage> <seconds>" each, an empty
// line between those before and those after.
std::string encode_question(const VerifierQuestion& question) {
  std::string out = question.name + "\n";
  for (const auto* stages : {&question.before, &question.after}) {
    for (const auto& [name, seconds] : *stages) {
      out += name + " " + std::to_string(seconds) + "\n";
    }
    out += "\n";
  }
  return out.size() <= kMaxQuestion ? out : question.name + "\n";
}

VerifierQuestion decode_question(std::string_view text) {
  VerifierQuestion out;
  out.name = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(out.name.size() + 1, text.size()));
  auto* stages = &out.before;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) {
      stages = &out.after;
      continue;
    }
    double seconds = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), seconds);
    stages->emplace_back(line.substr(0, space), seconds);
  }
  return out;
}

int run_verifier(const VerifierOrder& order) {
  const auto asked = read_descriptor(kQuestions, kMaxQuestion);
  // No question: PID 1 gave this attempt up.
  if (!asked || asked->empty()) return exit_code(ErrorCode::kCancelled);
  MemInfo memory;
  if (const auto text = read_small_file("/proc/meminfo", 16 * 1024)) {
    if (const auto parsed = parse_meminfo(*text)) memory = *parsed;
  }
  const auto verdict = judge(order, decode_question(as_text(*asked)), system_clock(), memory);
  const Bytes message = encode_verdict(verdict);
  if (!write_descriptor(kVerdicts, message)) return exit_code(ErrorCode::kInternal);
  return verdict ? 0 : exit_code(verdict.error().code);
}

}  // namespace

Result<Verifier> Verifier::start(const VerifierOrder& order, uid_t uid) {
  int questions[2];
  int verdicts[2];
  if (::pipe2(questions, O_CLOEXEC) != 0) {
    return {ErrorCode::kInternal, std::string("pipe: ") + std::strerror(errno)};
  }
  Fd question_out(questions[0]);
  Fd question_in(questions[1]);
  if (::pipe2(verdicts, O_CLOEXEC) != 0) {
    return {ErrorCode::kInternal, std::string("pipe: ") + std::strerror(errno)};
  }
  Fd verdict_out(verdicts[0]);
  Fd verdict_in(verdicts[1]);

  // The fetch folder is mounted later; a right on what is there now would be one on what it hides.
  Confinement confinement = reader_rights(uid, order.parent.substr(0, order.parent.rfind('/')));
  confinement.descriptors = {{question_out.get(), kQuestions}, {verdict_in.get(), kVerdicts}};
  auto child = fork_child([&order] { return run_verifier(order); }, confinement);
  if (!child) return child.error().in("verifier");
  return Verifier(std::move(*child), std::move(question_in), std::move(verdict_out));
}

Verifier::~Verifier() {
  if (child_.pid > 0) kill_and_reap(child_);
}

Result<Verdict> Verifier::ask(const VerifierQuestion& question, MonoTime deadline,
                              const Clock& clock) {
  const std::string text = encode_question(question);
  if (!write_descriptor(questions_.get(), as_bytes(text))) {
    return {ErrorCode::kInternal, "the verifier is gone"};
  }
  questions_.reset();  // Its end tells the verifier that the question is complete.
  Bytes message;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.now()).count();
    pollfd waiting{.fd = verdicts_.get(), .events = POLLIN, .revents = 0};
    const int ready =
        left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(std::min<long>(left, 1 << 30)));
    if (ready == 0) return {ErrorCode::kTimeout, "the verifier gave no verdict in time"};
    if (ready < 0) continue;
    std::array<std::uint8_t, 4096> block;
    const ssize_t got = ::read(verdicts_.get(), block.data(), block.size());
    if (got < 0) continue;
    if (got == 0) break;
    message.insert(message.end(), block.begin(), block.begin() + got);
    if (message.size() > kMaxVerdictBytes) break;
  }
  return decode_verdict(message);
}

}  // namespace phase::boot
