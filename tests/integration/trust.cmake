# `plasmd trust` and what it changes for publish, as docs/OPERATING.md says it.
add_executable(phase-trust-verb-tests
  ${CMAKE_CURRENT_LIST_DIR}/trust_verb_test.cc
  ${CMAKE_CURRENT_LIST_DIR}/../unit/node/release_fixture.cc
  ${CMAKE_CURRENT_LIST_DIR}/../unit/proto/support.cc)
target_link_libraries(phase-trust-verb-tests PRIVATE phase::flags phase::node GTest::gmock GTest::gtest_main)
target_include_directories(phase-trust-verb-tests SYSTEM PRIVATE ${JSON_INCLUDE_DIR})
target_include_directories(phase-trust-verb-tests PRIVATE ${CMAKE_CURRENT_LIST_DIR}/../unit/node)
target_compile_definitions(phase-trust-verb-tests PRIVATE
  PHASE_PLASMD="$<TARGET_FILE:plasmd>" PHASE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
add_dependencies(phase-trust-verb-tests plasmd)
gtest_discover_tests(phase-trust-verb-tests
  PROPERTIES LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)
