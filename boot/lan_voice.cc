#include "boot/lan_voice.h"

namespace phase::boot {

void LanVoice::tell(const Acquire& acquire) {
  if (lan_ == nullptr) return;
  auto fetching = acquire.lan_fetching();
  const auto listening = session_.listening();
  if (!fetching || fetching == told_ || listening.empty()) return;
  told_ = std::move(fetching);
  dht::LanService service;
  service.peer_port = listening.front().port;
  service.fetching = {*told_};
  lan_->publish(service);
}

}  // namespace phase::boot
