# A hostile network: the programs of sim/hostile against real plasmd processes. Needs root. Where times
# are compared, nothing else runs beside it.
add_executable(phase-hostile-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/node/release_fixture.cc
  hostile_crowd_test.cc
  hostile_dhcp_test.cc
  hostile_dht_test.cc
  hostile_fixture.cc
  hostile_http_test.cc
  hostile_lan_test.cc
  hostile_main.cc
  hostile_peer_test.cc
  hostile_pex_test.cc
  hostile_replay_test.cc
  hostile_rounds.cc
)
target_link_libraries(phase-hostile-tests PRIVATE
  phase::acquire phase::machine phase::sim phase::node GTest::gmock GTest::gtest)
target_include_directories(phase-hostile-tests SYSTEM PRIVATE ${JSON_INCLUDE_DIR})
target_compile_definitions(phase-hostile-tests PRIVATE
  PHASE_DHCP_HOOK="$<TARGET_FILE:phase-dhcp-hook>")
add_dependencies(phase-hostile-tests
  plasmd phase-dhcp-hook phase-dht-nodes phase-hostile-dhcp phase-hostile-dht phase-hostile-http
  phase-hostile-lan phase-hostile-peer phase-lan phase-lan-dbus)
set(HOSTILE_TIMED "HostileCrowd.*:HostileDht.Among*:HostilePex.*:*HostileNeighbour.*")
gtest_discover_tests(phase-hostile-tests TEST_FILTER "${HOSTILE_TIMED}" DISCOVERY_TIMEOUT 60
  TEST_LIST phase-hostile-tests-timed PROPERTIES LABELS integration TIMEOUT 300 PROCESSORS 2)
gtest_discover_tests(phase-hostile-tests TEST_FILTER "-${HOSTILE_TIMED}" DISCOVERY_TIMEOUT 60
  PROPERTIES LABELS integration TIMEOUT 300 COST 60)
