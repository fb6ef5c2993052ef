#include "tests/fuzz/initramfs/deb_script.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace phase::fuzz {
namespace {

constexpr std::size_t kTarBlock = 512;
// Files, links, folders, devices, pax and GNU headers that name the next entry otherwise, sparse.
constexpr std::string_view kTypes = "0125xLKg37S";
constexpr std::array<std::string_view, 8> kFolders = {
    "./lib/modules/6.1.0-1-amd64/kernel/", "./lib/modules/6.1.0-1-amd64/", "lib/modules/",
    "./boot/vmlinuz-", "boot/config-", "./usr/lib/modules/6.1.0-1-amd64/kernel/", "../", ""};

/// Takes fields off the front; zeros and nothing behind the end.
class Script {
 public:
  explicit Script(ByteView input) : rest_(input) {}
  [[nodiscard]] bool ended() const { return rest_.empty(); }
  std::size_t byte() {
    const auto one = take(1);
    return one.empty() ? 0U : static_cast<unsigned char>(one.front());
  }
  std::string_view text() { return take(byte()); }

 private:
  std::string_view take(std::size_t count) {
    const ByteView taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return as_text(taken);
  }
  ByteView rest_;
};

void put_field(std::string& block, std::size_t at, std::size_t room, std::string_view text) {
  text = text.substr(0, room);
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(std::size_t number, std::size_t digits) {
  std::string out(digits, '0');
  for (std::size_t i = digits; i > 0 && number > 0; number /= 8) {
    out[--i] = static_cast<char>('0' + number % 8);
  }
  return out;
}

/// One ustar header and its content, padded.
void put_tar(std::string& out, char type, const std::string& path, std::string_view link,
             std::string_view content) {
  std::string block(kTarBlock, '\0');
  put_field(block, 0, 100, path);
  put_field(block, 100, 8, "0000644");
  put_field(block, 108, 8, "0000000");
  put_field(block, 116, 8, "0000000");
  put_field(block, 124, 12, octal(content.size(), 11));
  put_field(block, 136, 12, octal(0, 11));
  put_field(block, 148, 8, "        ");
  block[156] = type;
  put_field(block, 157, 100, link);
  put_field(block, 257, 8, std::string_view("ustar\00000", 8));
  std::size_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put_field(block, 148, 8, octal(sum, 6) + '\0' + ' ');
  out += block;
  out += content;
  out.append((kTarBlock - content.size() % kTarBlock) % kTarBlock, '\0');
}

void put_ar(std::string& out, std::string_view name, std::string_view content) {
  std::string head(60, ' ');
  put_field(head, 0, 16, name);
  put_field(head, 16, 12, "0");
  put_field(head, 28, 6, "0");
  put_field(head, 34, 6, "0");
  put_field(head, 40, 8, "100644");
  put_field(head, 48, 10, std::to_string(content.size()));
  put_field(head, 58, 2, "`\n");
  out += head;
  out += content;
  if (content.size() % 2 != 0) out += '\n';
}

/// "path=..." as pax counts it: the record's own length in front.
std::string pax_record(std::string_view text) {
  std::size_t size = text.size() + 2;
  while (std::to_string(size).size() + 2 + text.size() != size) ++size;
  return std::to_string(size) + " " + std::string(text) + "\n";
}

}  // namespace

Bytes deb_from(ByteView input) {
  Script script(input);
  std::string control = "Package: linux-image-6.1.0-1-amd64\nArchitecture: amd64\n";
  control += script.text();
  std::string tar;
  put_tar(tar, '0', "./control", {}, control);
  std::string data;
  while (!script.ended()) {
    const char type = kTypes[script.byte() % kTypes.size()];
    const std::string path = std::string(kFolders.at(script.byte() % kFolders.size())) +
                             std::string(script.text());
    const std::string_view link = script.text();
    const std::string_view content = script.text();
    // What follows takes its name from here.
    const bool pax = type == 'x' || type == 'g';
    const std::string named =
        pax ? pax_record("path=" + path) + pax_record(content) : std::string(content);
    put_tar(data, type, path, link, type == 'L' || type == 'K' ? path : named);
  }
  tar.append(2 * kTarBlock, '\0');
  data.append(2 * kTarBlock, '\0');
  std::string out = "!<arch>\n";
  put_ar(out, "debian-binary", "2.0\n");
  put_ar(out, "control.tar", tar);
  put_ar(out, "data.tar", data);
  return {out.begin(), out.end()};
}

}  // namespace phase::fuzz
