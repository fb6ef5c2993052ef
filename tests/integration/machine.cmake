# DHCP against a real dnsmasq. Needs root (network namespaces), busybox, dnsmasq-base, iproute2.
add_executable(dhcp_test dhcp_test.cc)
target_link_libraries(dhcp_test PRIVATE phase::flags phase::machine GTest::gmock GTest::gtest_main)
target_compile_definitions(dhcp_test PRIVATE PHASE_DHCP_HOOK="$<TARGET_FILE:phase-dhcp-hook>")
add_dependencies(dhcp_test phase-dhcp-hook)
gtest_discover_tests(dhcp_test PROPERTIES LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)
