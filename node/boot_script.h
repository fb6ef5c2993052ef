// node/boot_script.h
// The iPXE script at /boot.ipxe: it starts the init client on a machine that boots by its network
// card. It never starts a release: a script is trusted as far as the host that it came from, so it
// may decide which client runs, and the client decides by signatures what is booted.
//
// The client is a release as well, of the channel `client`: kernel and initramfs of
// phase-mkinitramfs and a command line. So any provider gets it as it gets everything, by
// --follow KEY/client. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/catalogue.h"
#include "node/store.h"

namespace phase::node {

inline constexpr const char* kClientChannel = "client";

/// Whether iPXE hands `command_line` on as it stands: it expands "${", and reads words of "&&",
/// "||" and "#" as its own.
[[nodiscard]] bool ipxe_takes(const std::string& command_line);

/// For the first current release of kClientChannel of each architecture; none where there is none.
/// `left_out` (may be null) gets a line for each whose command line iPXE would not hand on.
[[nodiscard]] std::optional<std::string> boot_script(const std::vector<StoredRelease>& releases,
                                                     std::vector<std::string>* left_out);

/// The script at /boot.ipxe and /ipxe, where there is one.
void add_boot_script(Catalogue& catalogue, const std::vector<StoredRelease>& releases,
                     std::vector<std::string>* left_out);

}  // namespace phase::node
