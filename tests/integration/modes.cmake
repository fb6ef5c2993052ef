# What keeps `local` on the link and `private` quiet, below the application: the kernel's rules, and
# sessions in namespaces behind a router. Needs root.
add_executable(phase-on-link-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc on_link_test.cc)
target_link_libraries(phase-on-link-tests PRIVATE
  phase::machine phase::sim GTest::gmock GTest::gtest)
target_compile_definitions(phase-on-link-tests PRIVATE
  PHASE_DHCP_HOOK="$<TARGET_FILE:phase-dhcp-hook>")
add_dependencies(phase-on-link-tests phase-dhcp-hook)
gtest_discover_tests(phase-on-link-tests PROPERTIES
  LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)

add_executable(phase-modes-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc
  any_ip_test.cc
  asking_peer.cc
  dht_fixture.cc
  modes_anonymous_test.cc
  modes_on_link_test.cc
  modes_proxy_test.cc
)
target_link_libraries(phase-modes-tests PRIVATE
  phase::acquire phase::sim GTest::gmock GTest::gtest)
target_compile_definitions(phase-modes-tests PRIVATE
  PHASE_DHT_NODES="$<TARGET_FILE:phase-dht-nodes>")
add_dependencies(phase-modes-tests phase-dht-nodes)
gtest_discover_tests(phase-modes-tests PROPERTIES
  LABELS integration TIMEOUT 240 DISCOVERY_TIMEOUT 60)
