# Releases from web servers (boot/web/), beside peers and without: nginx as somebody else's server.
add_executable(phase-web-tests
  dht_fixture.cc
  web_seed_test.cc
)
target_link_libraries(phase-web-tests PRIVATE
  phase::acquire phase::sim GTest::gmock GTest::gtest_main)
target_compile_definitions(phase-web-tests PRIVATE
  PHASE_DHT_NODES="$<TARGET_FILE:phase-dht-nodes>")
add_dependencies(phase-web-tests phase-dht-nodes)
gtest_discover_tests(phase-web-tests PROPERTIES
  LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)
