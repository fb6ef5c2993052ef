#include "tests/unit/proto/support.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace phase::test {

SecretKey key(std::uint8_t number) {
  const Bytes seed(32, number);
  return *SecretKey::from_seed(seed);
}

Manifest manifest() {
  Manifest out;
  out.channel = "stable";
  out.arch = "x86_64";
  out.release_version = 7;
  out.created = WallTime{kCreated};
  out.expires = WallTime{kExpires};
  for (const auto& [role, name] :
       {std::pair{Role::kKernel, "kernel"}, std::pair{Role::kInitramfs, "initramfs"},
        std::pair{Role::kDeviceTree, "dtbs/board.dtb"}}) {
    Artifact artifact;
    artifact.role = role;
    artifact.name = name;
    artifact.size = 1000 + artifact.name.size();
    artifact.sha256 = sha256(as_bytes(artifact.name));
    artifact.pieces_root = artifact.sha256;
    if (role == Role::kDeviceTree) artifact.compatible = "acme,board";
    out.artifacts.push_back(artifact);
  }
  out.cmdline = "quiet root=\"LABEL=a b\"";
  out.kernel_release = "6.1.0-56-cloud-amd64";
  out.kernel_memory = 54'000'000;
  out.initramfs_unpacked = 30'000'000;
  out.min_memory = 256'000'000;
  return out;
}

Bytes signed_manifest(const Manifest& document, const std::vector<std::uint8_t>& numbers) {
  std::vector<SecretKey> keys;
  for (const std::uint8_t number : numbers) keys.push_back(key(number));
  std::vector<const SecretKey*> pointers;
  for (const SecretKey& one : keys) pointers.push_back(&one);
  return sign_envelope(kManifestType, *encode_manifest(document), pointers);
}

Expectation expectation() {
  return {.channel = "stable", .arch = "x86_64", .min_version = 0, .now = WallTime{kCreated + 60}};
}

Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return out;
}

TempFolder::TempFolder() : path_(testing::TempDir() + "phase-proto-XXXXXX") {
  check(::mkdtemp(path_.data()) != nullptr, "a folder for a test");
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, ByteView content) {
  std::ofstream out(path, std::ios::binary);
  out.write(as_text(content).data(), static_cast<std::streamsize>(content.size()));
  check(out.good(), "a file of a test");
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Ran run(const std::string& folder, const std::vector<std::string>& command,
        const std::string& input) {
  const TempFolder scratch;
  const std::string output = scratch / "output";
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.data()));
  arguments.push_back(nullptr);

  const pid_t child = ::fork();
  if (child == 0) {
    const int in = ::open(input.c_str(), O_RDONLY);
    const int out = ::open(output.c_str(), O_WRONLY | O_CREAT, 0600);
    if (in >= 0 && out >= 0 && ::dup2(in, 0) == 0 && ::dup2(out, 1) == 1 && ::dup2(out, 2) == 2 &&
        ::chdir(folder.c_str()) == 0) {
      ::execvp(arguments[0], arguments.data());
    }
    ::_exit(127);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return {};
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(output)};
}

}  // namespace phase::test
