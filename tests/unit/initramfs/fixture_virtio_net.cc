// A module that needs failover's symbol and claims virtio network cards.
extern "C" {
[[gnu::used, gnu::section(".modinfo")]] const char phase_alias[] = "alias=virtio:d00000001v*";
int phase_fixture_register();
int phase_fixture_init() {
  return phase_fixture_register();
}
}
