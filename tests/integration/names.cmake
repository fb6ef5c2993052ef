# Names of bootstrap nodes that are resolved late. Needs root.
add_executable(phase-late-names-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc
  late_names_test.cc
)
target_link_libraries(phase-late-names-tests PRIVATE phase::sim phase::node GTest::gtest)
add_dependencies(phase-late-names-tests phase-dht-nodes plasmd)
gtest_discover_tests(phase-late-names-tests DISCOVERY_TIMEOUT 60 PROPERTIES
  LABELS integration TIMEOUT 120)
