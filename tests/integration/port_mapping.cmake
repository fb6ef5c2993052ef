# Who reaches a node behind a home router: one that opens ports when it is asked (miniupnpd), and two
# that do not. In namespaces: needs root.
add_executable(phase-port-mapping-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc
  dht_fixture.cc
  hole_punch_test.cc
  port_mapping_test.cc
)
target_link_libraries(phase-port-mapping-tests PRIVATE
  phase::acquire phase::sim GTest::gmock GTest::gtest)
target_compile_definitions(phase-port-mapping-tests PRIVATE
  PHASE_DHT_NODES="$<TARGET_FILE:phase-dht-nodes>")
add_dependencies(phase-port-mapping-tests phase-dht-nodes)
gtest_discover_tests(phase-port-mapping-tests PROPERTIES
  LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)
