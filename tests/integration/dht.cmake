# The DHT and the swarm: our sessions, plain libtorrent nodes in a process of their own, real
# sockets on loopback addresses.
add_executable(phase-dht-tests
  dht_fixture.cc
  dht_item_test.cc
  dht_release_test.cc
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
