// dht/settings.h
// Every libtorrent setting that we choose, each with its reason. Only for dht/*.cc.
#pragma once

#include <libtorrent/fwd.hpp>
#include <libtorrent/settings_pack.hpp>
#include <string>
#include <vector>

#include "dht/session.h"

namespace phase::dht {

/// `options` as restricted() left them. The DHT is left off: it is switched on once the session listens (see Session::open).
[[nodiscard]] libtorrent::settings_pack make_settings(const SessionOptions& options,
                                                      const std::vector<Endpoint>& listen);

/// As the setting of that name wants it.
[[nodiscard]] std::string listen_interfaces(const std::vector<Endpoint>& listen);

}  // namespace phase::dht
