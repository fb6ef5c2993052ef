// dht/listen.h
// Which addresses and port a session listens on.
#pragma once

#include <vector>

#include "dht/session.h"
#include "proto/endpoint.h"
#include "proto/result.h"

namespace phase::dht {

/// Addresses of interfaces that are up: without link-local ones, and without loopback unless
/// there is nothing else. `port` is put into each.
[[nodiscard]] std::vector<Endpoint> interface_addresses(std::uint16_t port);

/// What `options` ask for, with one port for all endpoints that name none: peers are told a
/// single port. kNoInterface, or kPortInUse where no free port was found.
[[nodiscard]] Result<std::vector<Endpoint>> listen_endpoints(const SessionOptions& options);

}  // namespace phase::dht
