// initramfs/depmod.h
// Runs kmod's depmod over a tree of modules: its index files are what libkmod reads at boot.
#pragma once

#include <chrono>
#include <string>

#include "proto/result.h"

namespace phase::initramfs {

/// Writes modules.dep, modules.dep.bin, modules.alias.bin and so on into
/// <base>/lib/modules/<release>/. kNotFound where kmod is not installed; kMalformed with what
/// depmod said where it fails or takes longer than `deadline`.
[[nodiscard]] Result<void> run_depmod(const std::string& base, const std::string& release,
                                      std::chrono::seconds deadline = std::chrono::seconds(120));

}  // namespace phase::initramfs
