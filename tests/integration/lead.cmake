# Whole provider nodes: real plasmd processes in a private network.
add_executable(phase-node-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc
  ${PROJECT_SOURCE_DIR}/tests/unit/node/release_fixture.cc
  node_fixture.cc
  node_address_test.cc
  node_change_test.cc
  node_confined_test.cc
  node_failure_test.cc
  node_hint_test.cc
  node_lan_test.cc
  node_life_test.cc
  node_progress_test.cc
  node_resume_test.cc
  node_tree_test.cc
  node_trust_test.cc
)
target_link_libraries(phase-node-tests PRIVATE phase::sim phase::node GTest::gmock GTest::gtest)
target_include_directories(phase-node-tests SYSTEM PRIVATE ${JSON_INCLUDE_DIR})
add_dependencies(phase-node-tests plasmd phase-dht-nodes)
gtest_discover_tests(phase-node-tests DISCOVERY_TIMEOUT 60 PROPERTIES
  LABELS integration TIMEOUT 300)

# The acquire pipeline beside real sessions, where the moment of each step matters.
add_executable(phase-acquire-settle-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/node/release_fixture.cc
  acquire_settle_test.cc
  dht_fixture.cc
)
target_link_libraries(phase-acquire-settle-tests PRIVATE
  phase::acquire phase::node phase::sim GTest::gtest_main)
target_compile_definitions(phase-acquire-settle-tests PRIVATE
  PHASE_DHT_NODES="$<TARGET_FILE:phase-dht-nodes>")
add_dependencies(phase-acquire-settle-tests phase-dht-nodes)
gtest_discover_tests(phase-acquire-settle-tests PROPERTIES
  LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)
