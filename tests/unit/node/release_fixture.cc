#include "release_fixture.h"

#include <cstdlib>
#include <filesystem>

#include "proto/cpio_writer.h"

namespace phase::node::test {
namespace {

void put(Bytes& at, std::size_t offset, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) at.at(offset + i) = static_cast<std::uint8_t>(value >> 8 * i);
}
void put(Bytes& at, std::size_t offset, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) at.at(offset + i) = static_cast<std::uint8_t>(text[i]);
}

}  // namespace

TempFolder::TempFolder() {
  // In RAM where nobody says otherwise (a sandbox does): thousands of syncs are made, and none has
  // to be real.
  const std::filesystem::path ram = "/dev/shm";
  const bool told = std::getenv("TMPDIR") != nullptr;
  const auto parent = !told && std::filesystem::exists(ram)
                          ? ram
                          : std::filesystem::temp_directory_path();
  auto pattern = (parent / "phase-node-XXXXXX").string();
  check(::mkdtemp(pattern.data()) != nullptr, "a folder for the test can be made");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Bytes x86_kernel(std::uint32_t init_size, std::size_t size) {
  Bytes image(size, 0x90);
  put(image, 0x1fe, 0xaa55, 2);
  put(image, 0x202, "HdrS");
  put(image, 0x206, 0x020f, 2);
  put(image, 0x20e, 0x1000, 2);
  put(image, 0x1200, "6.1.0-test (builder) #1");
  put(image, 0x236, 1, 2);
  put(image, 0x260, init_size, 4);
  return image;
}

Bytes arm64_kernel(std::uint64_t image_size, std::size_t size) {
  Bytes image(size, 0);
  put(image, 16, image_size, 8);
  put(image, 24, 0xa, 8);
  put(image, 56, "ARM\x64");
  put(image, 0x800, "Linux version %s (%s)");
  put(image, 0x1000, "Linux version 6.1.0-arm64 (builder)");
  return image;
}

Bytes initramfs(std::size_t size) {
  Bytes archive;
  CpioWriter writer([&](ByteView bytes) { archive.insert(archive.end(), bytes.begin(), bytes.end()); },
                    1);
  writer.file("init", Bytes(size, 'i'), 0755);
  writer.finish();
  return archive;
}

SecretKey key_from(std::uint8_t first_byte) {
  Bytes seed(32, 7);
  seed[0] = first_byte;
  auto key = SecretKey::from_seed(seed);
  check(key.ok(), "32 bytes are a seed");
  return std::move(*key);
}

void write(const std::string& path, ByteView content) {
  check(real_files().write_file(path, content).ok(), "the test's folder can be written");
}

Publisher::Publisher(const std::string& folder)
    : kernel(folder + "/vmlinuz"), initramfs_file(folder + "/initramfs.cpio"), key(key_from(1)) {
  write(kernel, x86_kernel());
  write(initramfs_file, test::initramfs());
}

PublishOptions Publisher::options() const {
  PublishOptions options;
  options.keys = {&key};
  options.channel = "stable";
  options.arch = "amd64";
  options.kernel = kernel;
  options.initramfs = initramfs_file;
  options.cmdline = "console=ttyS0";
  return options;
}

Result<StoredRelease> Publisher::publish(Store& store) {
  clock.time.seconds += 1;
  return node::publish(store, clock, options());
}

std::unique_ptr<Store> open_store(const std::string& path, Files& files) {
  auto store = Store::open(files, {.path = path, .create = true});
  check(store.ok(), "a store can be made in the test's folder");
  return std::move(*store);
}

}  // namespace phase::node::test
