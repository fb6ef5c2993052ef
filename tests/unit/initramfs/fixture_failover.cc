// A module that exports one symbol, as net/core/failover.ko does.
extern "C" {
[[gnu::used, gnu::section(".modinfo")]] const char phase_license[] = "license=GPL";
[[gnu::used, gnu::section("__ksymtab_strings")]] const char phase_exported[] =
    "phase_fixture_register";
int phase_fixture_register() {
  return 0;
}
}
