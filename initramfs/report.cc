#include "initramfs/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace phase::initramfs {
namespace {

constexpr double kBytesPerMegabyte = 1e6;
constexpr std::uint64_t kWorthStripping = 64 * 1024;

std::string row(const std::string& name, std::uint64_t size, std::uint64_t packed) {
  std::array<char, 512> line{};
  std::snprintf(line.data(), line.size(), "  %-56.300s %8.2f %8.2f\n", name.c_str(),
                static_cast<double>(size) / kBytesPerMegabyte,
                static_cast<double>(packed) / kBytesPerMegabyte);
  return line.data();
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + name;
  return out.empty() ? "none" : out;
}

std::vector<RoomUsed> largest_first(std::vector<RoomUsed> files) {
  std::stable_sort(files.begin(), files.end(),
                   [](const RoomUsed& a, const RoomUsed& b) { return a.packed > b.packed; });
  return files;
}

nlohmann::json room_json(const std::vector<RoomUsed>& rooms) {
  auto out = nlohmann::json::array();
  for (const RoomUsed& room : rooms) {
    out.push_back({{"name", room.name},
                   {"group", group_name(room.group)},
                   {"files", room.files},
                   {"bytes", room.size},
                   {"packed_bytes", room.packed}});
  }
  return out;
}

}  // namespace

std::string report_text(const Built& built, const BuildOptions& options) {
  std::string out = options.output + ": initramfs, role " + init_role_name(options.role) + ", " +
                    options.arch + ", kernel " + built.kernel_release + ", " +
                    compression_name(built.compression) + ", time floor " +
                    std::to_string(built.time_floor) + "\n\n";
  out += "  what                                                       MB, as is   packed\n";
  for (const RoomUsed& group : built.groups) out += row(group.name, group.size, group.packed);
  out += row("all", built.unpacked, built.packed);
  out += "\nfiles of " + std::to_string(kListedBytes / 1024) + " KiB and more:\n";
  for (const RoomUsed& file : largest_first(built.files))
    out += row(file.name, file.size, file.packed);
  out += "\nmodules: " + joined(built.modules.load_order) + "\n";
  out += "built into the kernel: " + joined(built.modules.builtin) + "\n";
  out += "not in this kernel: " + joined(built.modules.missing) + "\n";
  for (const PackedProgram& program : built.programs) {
    if (program.symbol_bytes < kWorthStripping) continue;
    out += program.source + ": " + std::to_string(program.symbol_bytes) +
           " bytes are symbols and debug information; strip it to save them\n";
  }
  if (built.image_bytes > 0) {
    out += options.image_out + ": kernel image, " + std::to_string(built.image_bytes) + " bytes\n";
  }
  return out;
}

std::string report_json(const Built& built, const BuildOptions& options) {
  auto programs = nlohmann::json::array();
  for (const PackedProgram& program : built.programs) {
    programs.push_back({{"path", program.path},
                        {"source", program.source},
                        {"symbol_bytes", program.symbol_bytes}});
  }
  const nlohmann::json out{
      {"output", options.output},
      {"role", init_role_name(options.role)},
      {"arch", options.arch},
      {"kernel_release", built.kernel_release},
      {"compression", compression_name(built.compression)},
      {"time_floor", built.time_floor},
      {"bytes", built.packed},
      {"unpacked_bytes", built.unpacked},
      {"groups", room_json(built.groups)},
      {"files", room_json(built.files)},
      {"modules", built.modules.load_order},
      {"modules_builtin", built.modules.builtin},
      {"modules_missing", built.modules.missing},
      {"programs", programs},
      {"vmlinuz", options.image_out},
      {"vmlinuz_bytes", built.image_bytes},
  };
  // Paths may hold bytes that are no UTF-8; they are replaced, not thrown about.
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace phase::initramfs
