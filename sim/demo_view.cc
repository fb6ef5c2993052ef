#include "sim/demo_view.h"

#include <cstdio>

namespace phase::sim {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

template <class... Values>
std::string format(const char* pattern, Values... values) {
  const int size = std::snprintf(nullptr, 0, pattern, values...);
  std::string text(static_cast<std::size_t>(size), '\0');
  std::snprintf(text.data(), text.size() + 1, pattern, values...);
  return text;
}

double seconds_since(steady_clock::time_point begin) {
  return duration<double>(steady_clock::now() - begin).count();
}

}  // namespace

std::string printable(std::string_view untrusted) {
  std::string out;
  for (std::size_t i = 0; i < untrusted.size(); ++i) {
    const char c = untrusted[i];
    if (c == '\x1b' && i + 1 < untrusted.size() && untrusted[i + 1] == '[') {
      i += 2;
      while (i < untrusted.size() && (untrusted[i] < '@' || untrusted[i] > '~')) ++i;
    } else if (c == '\t' || (c >= ' ' && c <= '~')) {
      out += c;
    } else if (c != '\x1b') {
      out += '?';
    }
  }
  return out;
}

DemoView::DemoView(bool verbose) : verbose_(verbose), begin_(steady_clock::now()) {}

void DemoView::write(const std::string& text) {
  std::fputs(format("%6.1f  %s\n", seconds_since(begin_), text.c_str()).c_str(), stdout);
  std::fflush(stdout);
}

void DemoView::end_step() {
  if (step_number_ > 0) steps_.emplace_back(step_, seconds_since(step_begin_));
}

void DemoView::step(const std::string& title) {
  const std::lock_guard lock(mutex_);
  end_step();
  step_ = title;
  step_begin_ = steady_clock::now();
  std::fputs("\n", stdout);
  write(format("%d. %s", ++step_number_, title.c_str()));
}

void DemoView::command(const std::string& host, const std::string& command_line) {
  const std::lock_guard lock(mutex_);
  write("   " + (host.empty() ? std::string("operator") : host) + "$ " + command_line);
}

void DemoView::output(const std::string& label, std::string_view line) {
  const bool console = label.starts_with("machine");
  if (!verbose_ && !console) return;
  const std::lock_guard lock(mutex_);
  write("      " + label + " | " + printable(line));
}

void DemoView::waiting(const std::string& what, std::chrono::seconds so_far) {
  const auto count = static_cast<long long>(so_far.count());
  if (count != 1 && count % 5 != 0) return;
  const std::lock_guard lock(mutex_);
  write(format("   ... waiting until %s (%lld s)", what.c_str(), count));
}

void DemoView::say(const std::string& text) {
  const std::lock_guard lock(mutex_);
  write("   " + text);
}

std::vector<std::pair<std::string, double>> DemoView::steps() {
  const std::lock_guard lock(mutex_);
  auto all = steps_;
  if (step_number_ > 0) all.emplace_back(step_, seconds_since(step_begin_));
  return all;
}

std::string demo_table(const std::vector<std::pair<std::string, double>>& steps,
                       const MachineReport& report) {
  std::string out = "\nseconds  step\n";
  for (const auto& [name, seconds] : steps) out += format("%7.1f  %s\n", seconds, name.c_str());
  if (!report.stages.empty()) out += "\nseconds  stage of the machine's boot, as it reports\n";
  for (const auto& [name, seconds] : report.stages) {
    out += format("%7.3f  %s\n", seconds, name.c_str());
  }
  if (!report.sources.empty()) out += "\n     bytes  source, and how the machine learned of it\n";
  for (const auto& source : report.sources) {
    out += format("%10llu  %s  (%s)%s\n", static_cast<unsigned long long>(source.bytes),
                  source.peer.c_str(), source.how.c_str(),
                  source.banned ? "  banned: sent altered pieces" : "");
  }
  out += "\nrefused on the way: ";
  if (report.refusals.empty()) out += "nothing";
  out += "\n";
  for (const auto& refusal : report.refusals) out += "  " + refusal + "\n";
  return out;
}

}  // namespace phase::sim
