# BEP 42's table of node ids, at its own addresses: in a sandbox, which has a network to itself.
add_executable(phase-node-id-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc
  dht_node_id_test.cc
)
target_link_libraries(phase-node-id-tests PRIVATE
  phase::sim phase::proto PkgConfig::LIBTORRENT GTest::gmock GTest::gtest)
gtest_discover_tests(phase-node-id-tests PROPERTIES
  LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)
