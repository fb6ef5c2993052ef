// node/kernel_image.h
// What the header of a Linux kernel image says: for which architecture it is, how much memory it
// needs to start, which release it is. Sources: Documentation/x86/boot.rst ("The Linux/x86 Boot
// Protocol") and Documentation/arm64/booting.rst. The image is the publisher's own file, read
// with bounds all the same.
#pragma once

#include <cstdint>
#include <string>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::node {

struct KernelImage {
  std::string arch;          ///< x86_64 or aarch64.
  std::uint64_t memory = 0;  ///< Bytes: init_size on x86, image_size on arm64.
  std::string release;       ///< "6.1.0-56-cloud-amd64"; empty where the image does not tell it.
};

/// `image` is the whole file or as much of its beginning as there is (64 KiB tell everything but
/// an arm64 release). kMalformed says what was found instead of a kernel.
[[nodiscard]] Result<KernelImage> read_kernel_image(ByteView image);

/// Reads the file at `path`; kWrongArch names both where it is a kernel of another architecture
/// than `arch`.
[[nodiscard]] Result<KernelImage> check_kernel(const std::string& path, const std::string& arch);

}  // namespace phase::node
