# Scenarios. Needs root.
add_executable(phase-scenario-tests scenario_run_test.cc)
target_link_libraries(phase-scenario-tests PRIVATE phase::flags phase::sim GTest::gtest_main)
target_include_directories(phase-scenario-tests SYSTEM PRIVATE ${JSON_INCLUDE_DIR})
add_dependencies(phase-scenario-tests phase-sim)
gtest_discover_tests(phase-scenario-tests DISCOVERY_TIMEOUT 60 PROPERTIES
  LABELS integration TIMEOUT 600)

# The short forms of the shipped ones; each leaves its report in the build folder.
foreach(name chain-processes flash-crowd office churn partition publisher-gone hostile upgrade)
  add_test(NAME Scenario.${name} COMMAND phase-sim run
    ${PROJECT_SOURCE_DIR}/sim/scenarios/${name}-short.toml
    --report ${CMAKE_BINARY_DIR}/scenario-reports/${name}-short --rng-seed 1)
  # They time what happens on two cores: one after the other.
  set_tests_properties(Scenario.${name} PROPERTIES
    LABELS integration TIMEOUT 420 COST 50 RESOURCE_LOCK scenario)
endforeach()
