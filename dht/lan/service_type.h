// dht/lan/service_type.h
// The DNS-SD type of our nodes, for programs that link nothing of proto/.
#pragma once

namespace phase::dht::lan {

inline constexpr const char* kServiceType = "_phase-boot._tcp";

}  // namespace phase::dht::lan
