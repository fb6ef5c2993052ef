# Other people's clients at our nodes, and our programs at theirs (docs/CLIENTS.md): Debian's own
# programs, unmodified, in a private network.
add_executable(phase-clients-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/sim/sandbox_main.cc
  ${PROJECT_SOURCE_DIR}/tests/unit/node/release_fixture.cc
  clients_fixture.cc
  node_fixture.cc
  files_clients_test.cc
  metalink_clients_test.cc
  torrent_clients_test.cc
)
target_link_libraries(phase-clients-tests PRIVATE phase::sim phase::node GTest::gmock GTest::gtest)
target_include_directories(phase-clients-tests SYSTEM PRIVATE ${JSON_INCLUDE_DIR})
target_compile_definitions(phase-clients-tests PRIVATE PHASE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
add_dependencies(phase-clients-tests plasmd phase-dht-nodes)
# rtorrent looks every 30 s whom to send to, so that these wait long: they begin early.
gtest_discover_tests(phase-clients-tests DISCOVERY_TIMEOUT 60 PROPERTIES
  LABELS integration TIMEOUT 300 COST 90)
