# Nodes on one link: our two programs, real avahi-daemons, avahi-browse and avahi-publish, each host
# a network namespace.
add_executable(phase-lan-node lan_node.cc)
target_link_libraries(phase-lan-node PRIVATE phase::lan)
add_dependencies(phase-lan-node phase-lan phase-lan-dbus)

add_executable(phase-lan-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc
  lan_attack_test.cc
  lan_attacker.cc
  lan_fixture.cc
  lan_test.cc
)
target_link_libraries(phase-lan-tests PRIVATE phase::lan phase::sim phase_hostile GTest::gmock GTest::gtest)
target_compile_definitions(phase-lan-tests PRIVATE
  PHASE_PROGRAMS="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
add_dependencies(phase-lan-tests phase-lan-node)
gtest_discover_tests(phase-lan-tests DISCOVERY_TIMEOUT 60 PROPERTIES
  LABELS integration TIMEOUT 300)
