#include "dht/lan/registration.h"

#include <avahi-common/error.h>
#include <avahi-common/strlst.h>
#include <avahi-core/core.h>
#include <avahi-core/publish.h>

#include <cstring>
#include <memory>
#include <utility>

#include "dht/lan/instance_name.h"
#include "dht/lan/service_type.h"

namespace phase::dht::lan {
namespace {

constexpr std::chrono::seconds kFailurePause{10};

struct FreeList {
  void operator()(AvahiStringList* list) const { avahi_string_list_free(list); }
};
using StringList = std::unique_ptr<AvahiStringList, FreeList>;

StringList list_of(const std::vector<std::string>& strings) {
  // The list grows at its front.
  AvahiStringList* list = nullptr;
  for (auto text = strings.rbegin(); text != strings.rend(); ++text) {
    list = avahi_string_list_add_arbitrary(
        list, reinterpret_cast<const std::uint8_t*>(text->data()), text->size());
  }
  return StringList(list);
}

void service_changed(AvahiServer* /*server*/, AvahiSEntryGroup* /*group*/,
                     AvahiEntryGroupState state, void* data) {
  auto* registration = static_cast<Registration*>(data);
  if (state == AVAHI_ENTRY_GROUP_ESTABLISHED) registration->on_established();
  if (state == AVAHI_ENTRY_GROUP_COLLISION) registration->on_conflict();
  if (state == AVAHI_ENTRY_GROUP_FAILURE) registration->on_failure("Avahi gave it up");
}

/// The host name is random: who claims it too does so on purpose, and changes nothing of weight.
void addresses_changed_state(AvahiServer* /*server*/, AvahiSEntryGroup* /*group*/,
                             AvahiEntryGroupState /*state*/, void* /*data*/) {}

}  // namespace

void Registration::attach(AvahiServer* server) {
  server_ = server;
  service_ = avahi_s_entry_group_new(server_, service_changed, this);
  addresses_ = avahi_s_entry_group_new(server_, addresses_changed_state, this);
  told_.clear();
  add_addresses();
  add_service();
}

void Registration::detach() {
  if (server_ != nullptr && service_ != nullptr) avahi_s_entry_group_free(service_);
  if (server_ != nullptr && addresses_ != nullptr) avahi_s_entry_group_free(addresses_);
  server_ = nullptr;
  service_ = addresses_ = nullptr;
  established_ = false;
}

void Registration::set(std::optional<Publish> service) {
  const bool same_place = service && wanted_ && service->instance == wanted_->instance &&
                          service->port == wanted_->port;
  const bool same = service == wanted_;
  wanted_ = std::move(service);
  if (same) return;
  if (!same_place) {
    name_ = wanted_ ? wanted_->instance : std::string{};
    conflicts_ = 0;
  }
  if (same_place && established_) {
    const auto txt = list_of(wanted_->txt);
    const int done = avahi_server_update_service_txt_strlst(
        server_, service_, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, static_cast<AvahiPublishFlags>(0),
        name_.c_str(), kServiceType, nullptr, txt.get());
    if (done >= 0) return;
  }
  add_service();
}

void Registration::add_service() {
  retry_at_.reset();
  established_ = false;
  if (service_ == nullptr) return;
  avahi_s_entry_group_reset(service_);
  if (!wanted_) return;
  const auto txt = list_of(wanted_->txt);
  int done = avahi_server_add_service_strlst(
      server_, service_, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, static_cast<AvahiPublishFlags>(0),
      name_.c_str(), kServiceType, nullptr, nullptr, wanted_->port, txt.get());
  if (done >= 0) done = avahi_s_entry_group_commit(service_);
  if (done == AVAHI_ERR_COLLISION) return on_conflict();
  if (done < 0) on_failure(avahi_strerror(done));
}

void Registration::add_addresses() {
  if (addresses_ == nullptr) return;
  auto now = own_addresses();
  if (now == told_) return;
  told_ = std::move(now);
  avahi_s_entry_group_reset(addresses_);
  for (const auto& own : told_) {
    AvahiAddress address{};
    address.proto = own.v6 ? AVAHI_PROTO_INET6 : AVAHI_PROTO_INET;
    std::memcpy(&address.data, own.bytes.data(), own.v6 ? 16 : 4);
    // The reverse name would be claimed by avahi-daemon on the same host too. Refusing an
    // address leaves the others.
    (void)avahi_server_add_address(server_, addresses_, static_cast<AvahiIfIndex>(own.interface),
                                   AVAHI_PROTO_UNSPEC, AVAHI_PUBLISH_NO_REVERSE, nullptr,
                                   &address);
  }
  if (avahi_s_entry_group_is_empty(addresses_) == 0) (void)avahi_s_entry_group_commit(addresses_);
}

void Registration::addresses_changed() { add_addresses(); }

void Registration::on_established() {
  established_ = true;
  tell_(Registered{name_});
}

void Registration::on_conflict() {
  established_ = false;
  const std::string taken = std::exchange(name_, alternative_instance(name_));
  tell_(Note{"name conflict: '" + printable_instance(taken) + "' is somebody else's; trying '" +
             printable_instance(name_) + "'"});
  lost_name_(taken);
  const auto now = std::chrono::steady_clock::now();
  retry_at_ = now + pause_after_conflict(++conflicts_);
}

void Registration::on_failure(const char* what) {
  established_ = false;
  tell_(Note{std::string("not registered: ") + what});
  retry_at_ = std::chrono::steady_clock::now() + kFailurePause;
}

void Registration::tick(MonoTime now) {
  if (retry_at_ && now >= *retry_at_) add_service();
}

}  // namespace phase::dht::lan
