# Machines on one link behind a slow line. Needs root.
add_executable(phase-uplink-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc
  ${PROJECT_SOURCE_DIR}/tests/unit/node/release_fixture.cc
  node_fixture.cc
  uplink_test.cc
)
target_link_libraries(phase-uplink-tests PRIVATE phase::sim phase::node GTest::gtest)
target_include_directories(phase-uplink-tests SYSTEM PRIVATE ${JSON_INCLUDE_DIR})
add_dependencies(phase-uplink-tests plasmd phase-dht-nodes phase-lan phase-lan-dbus)
gtest_discover_tests(phase-uplink-tests DISCOVERY_TIMEOUT 60 PROPERTIES
  LABELS integration TIMEOUT 300)
