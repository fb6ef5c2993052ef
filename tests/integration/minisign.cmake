# `plasmd key` and published releases against Debian's own minisign.
add_executable(phase-key-verb-tests
  ${PROJECT_SOURCE_DIR}/tests/unit/node/release_fixture.cc
  ${PROJECT_SOURCE_DIR}/tests/unit/proto/support.cc
  key_verb_test.cc
)
target_link_libraries(phase-key-verb-tests PRIVATE phase::node GTest::gmock GTest::gtest_main)
target_include_directories(phase-key-verb-tests SYSTEM PRIVATE ${JSON_INCLUDE_DIR})
target_compile_definitions(phase-key-verb-tests PRIVATE
  PHASE_PLASMD="$<TARGET_FILE:plasmd>" PHASE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
add_dependencies(phase-key-verb-tests plasmd)
gtest_discover_tests(phase-key-verb-tests PROPERTIES
  LABELS integration TIMEOUT 300 DISCOVERY_TIMEOUT 60)
