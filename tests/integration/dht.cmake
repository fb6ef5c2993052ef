# The DHT and the swarm: our sessions, plain libtorrent nodes in a process of their own, real
# sockets on loopback addresses.
add_executable(phase-dht-tests
  dht_fixture.cc
  dht_item_test.cc
  dht_release_test.cc
  dht_speed_test.cc
  dht_stranger_test.cc
)
target_link_libraries(phase-dht-tests PRIVATE
  phase::dht phase::sim phase_stranger GTest::gmock GTest::gtest_main)
target_compile_definitions(phase-dht-tests PRIVATE
  PHASE_DHT_NODES="$<TARGET_FILE:phase-dht-nodes>"
  PHASE_ALTERING_PROVIDER="$<TARGET_FILE:phase-altering-provider>")
add_dependencies(phase-dht-tests phase-dht-nodes phase-altering-provider)
gtest_discover_tests(phase-dht-tests PROPERTIES
  LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)

# A DHT behind a slow link that loses packets. Needs root.
add_executable(phase-far-dht-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc far_dht.cc far_dht_test.cc)
target_link_libraries(phase-far-dht-tests PRIVATE
  phase::dht phase::sim GTest::gmock GTest::gtest)
add_dependencies(phase-far-dht-tests phase-dht-nodes phase-link)
gtest_discover_tests(phase-far-dht-tests DISCOVERY_TIMEOUT 60 PROPERTIES
  LABELS integration TIMEOUT 180)
