# The node's parts against real clients.
set(NODE_FIXTURE ${CMAKE_CURRENT_LIST_DIR}/../unit/node)
add_executable(http_provider_test
  ${CMAKE_CURRENT_LIST_DIR}/http_fixture.cc
  ${CMAKE_CURRENT_LIST_DIR}/http_held_test.cc
  ${CMAKE_CURRENT_LIST_DIR}/http_provider_test.cc
  ${CMAKE_CURRENT_LIST_DIR}/http_unsigned_test.cc
  ${NODE_FIXTURE}/release_fixture.cc)
target_include_directories(http_provider_test PRIVATE ${NODE_FIXTURE})
target_link_libraries(http_provider_test PRIVATE phase::flags phase::node GTest::gmock GTest::gtest_main)
gtest_discover_tests(http_provider_test
  PROPERTIES LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)
