#include "sim/capture.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace phase::sim {
namespace {

constexpr int kSnapLength = 262'144;           // libpcap's own maximum.
/// Holds 4,000 packets of any size: what a loaded computer's reader is late by.
constexpr int kBufferBytes = 256 * 1024 * 1024;

struct CloseCapture {
  void operator()(pcap_t* capture) const { ::pcap_close(capture); }
};
struct CloseFile {
  void operator()(pcap_dumper_t* file) const { ::pcap_dump_close(file); }
};
using Handle = std::unique_ptr<pcap_t, CloseCapture>;
using DumpFile = std::unique_ptr<pcap_dumper_t, CloseFile>;

Error failed(const CaptureOptions& options, const std::string& why) {
  return {ErrorCode::kInternal, "capture at " + options.interface + ": " + why};
}

/// Running when it returns: activating binds the socket.
Result<Handle> open_here(const CaptureOptions& options) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  Handle handle{::pcap_create(options.interface.c_str(), why.data())};
  if (!handle) return failed(options, why.data());
  ::pcap_set_snaplen(handle.get(), kSnapLength);
  ::pcap_set_promisc(handle.get(), 1);
  ::pcap_set_immediate_mode(handle.get(), 1);  // Packets do not wait for a full block.
  ::pcap_set_buffer_size(handle.get(), kBufferBytes);
  if (::pcap_activate(handle.get()) < 0) return failed(options, ::pcap_geterr(handle.get()));
  if (::pcap_datalink(handle.get()) != DLT_EN10MB) return failed(options, "no Ethernet");
  if (options.only_sent && ::pcap_setdirection(handle.get(), PCAP_D_OUT) != 0) {
    return failed(options, ::pcap_geterr(handle.get()));
  }
  if (::pcap_setnonblock(handle.get(), 1, why.data()) != 0) return failed(options, why.data());
  return handle;
}

/// In a thread of its own where the interface is in another namespace: setns() is the thread's.
Result<Handle> open_capture(const CaptureOptions& options) {
  if (options.netns.empty()) return open_here(options);
  Result<Handle> opened = failed(options, "not opened");
  std::thread([&] {
    const int netns = ::open(("/run/netns/" + options.netns).c_str(), O_RDONLY | O_CLOEXEC);
    if (netns < 0 || ::setns(netns, CLONE_NEWNET) != 0) {
      opened = failed(options, options.netns + ": " + std::strerror(errno));
    } else {
      opened = open_here(options);
    }
    if (netns >= 0) ::close(netns);
  }).join();
  return opened;
}

}  // namespace

struct Capture::State {
  CaptureOptions options;
  Handle handle;
  DumpFile file;
  int stop_event = -1;
  std::thread reader;
  std::string error;  // The reader's until it is joined.

  ~State() {
    end();
    if (stop_event >= 0) ::close(stop_event);
  }
  void end() {
    if (!reader.joinable()) return;
    const std::uint64_t one = 1;
    if (::write(stop_event, &one, sizeof one) < 0) check(false, "an eventfd takes a number");
    reader.join();
  }
  /// What is there now. What passed before the call is: the kernel queues it as it passes.
  bool drain() {
    for (;;) {
      const int got = ::pcap_dispatch(handle.get(), 1000, ::pcap_dump,
                                      reinterpret_cast<u_char*>(file.get()));
      if (got == 0) return true;
      if (got > 0) continue;
      error = ::pcap_geterr(handle.get());
      return false;
    }
  }
  void read_until_stopped() {
    std::array<pollfd, 2> watched{
        {{::pcap_get_selectable_fd(handle.get()), POLLIN, 0}, {stop_event, POLLIN, 0}}};
    for (;;) {
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
        error = std::strerror(errno);
        return;
      }
      const bool last = (watched[1].revents & POLLIN) != 0;
      if (!drain() || last) return;
    }
  }
};

Capture::Capture(std::unique_ptr<State> state) : state_(std::move(state)) {}
Capture::~Capture() = default;

Result<std::unique_ptr<Capture>> Capture::start(const CaptureOptions& options) {
  auto handle = open_capture(options);
  if (!handle) return handle.error();
  auto state = std::make_unique<State>();
  state->options = options;
  state->handle = std::move(*handle);
  state->file.reset(::pcap_dump_open(state->handle.get(), options.file.c_str()));
  if (!state->file) return failed(options, ::pcap_geterr(state->handle.get()));
  state->stop_event = ::eventfd(0, EFD_CLOEXEC);
  if (state->stop_event < 0) return failed(options, std::strerror(errno));
  state->reader = std::thread([raw = state.get()] { raw->read_until_stopped(); });
  return std::unique_ptr<Capture>(new Capture(std::move(state)));
}

Result<std::vector<Packet>> Capture::stop() {
  check(state_->file != nullptr, "a capture is stopped once");
  state_->end();
  const bool written = ::pcap_dump_flush(state_->file.get()) == 0;
  state_->file.reset();
  if (!written) return failed(state_->options, state_->options.file + " cannot be written");
  if (!state_->error.empty()) return failed(state_->options, state_->error);
  pcap_stat statistics{};
  if (::pcap_stats(state_->handle.get(), &statistics) != 0) {
    return failed(state_->options, ::pcap_geterr(state_->handle.get()));
  }
  if (statistics.ps_drop != 0) {
    return failed(state_->options, std::to_string(statistics.ps_drop) + " packets were lost");
  }
  return read_capture(state_->options.file);
}

Result<std::vector<Packet>> read_capture(const std::string& file) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  const Handle handle{
      ::pcap_open_offline_with_tstamp_precision(file.c_str(), PCAP_TSTAMP_PRECISION_MICRO, why.data())};
  if (!handle) return Error{ErrorCode::kNotFound, why.data()};
  if (::pcap_datalink(handle.get()) != DLT_EN10MB) {
    return Error{ErrorCode::kMalformed, file + ": no Ethernet frames"};
  }
  std::vector<Packet> packets;
  for (;;) {
    pcap_pkthdr* header = nullptr;
    const u_char* frame = nullptr;
    const int got = ::pcap_next_ex(handle.get(), &header, &frame);
    if (got == PCAP_ERROR_BREAK) return packets;
    if (got != 1) return Error{ErrorCode::kMalformed, ::pcap_geterr(handle.get())};
    if (header->caplen < header->len) return Error{ErrorCode::kMalformed, file + ": a cut packet"};
    const double time = static_cast<double>(header->ts.tv_sec) +
                        static_cast<double>(header->ts.tv_usec) / 1e6;
    packets.push_back(decode_packet(time, Bytes(frame, frame + header->caplen)));
  }
}

}  // namespace phase::sim
