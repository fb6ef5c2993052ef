# `plasmd cache` as an operator runs it.
add_executable(phase-cache-verb-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/node/release_fixture.cc
  ${PROJECT_SOURCE_DIR}/tests/unit/proto/support.cc
  cache_verb_test.cc
)
target_link_libraries(phase-cache-verb-tests PRIVATE
  phase::node phase::cache GTest::gmock GTest::gtest_main)
target_include_directories(phase-cache-verb-tests SYSTEM PRIVATE ${JSON_INCLUDE_DIR})
target_compile_definitions(phase-cache-verb-tests PRIVATE
  PHASE_PLASMD="$<TARGET_FILE:plasmd>" PHASE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
add_dependencies(phase-cache-verb-tests plasmd)
gtest_discover_tests(phase-cache-verb-tests PROPERTIES
  LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)
