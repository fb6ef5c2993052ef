# Networks that run scenarios, and phase-sim.
add_library(phase_sim_runner STATIC
  run_boot.cc
  run_events.cc
  run_host.cc
  run_programs.cc
  run_publish.cc
  run_release.cc
  run_site.cc
  run_timeline.cc
  runner.cc
)
add_library(phase::sim_runner ALIAS phase_sim_runner)
target_link_libraries(phase_sim_runner PUBLIC phase::sim phase::sim_scenario)
target_include_directories(phase_sim_runner SYSTEM PRIVATE ${JSON_INCLUDE_DIR})

add_executable(phase-sim phase_sim.cc)
target_link_libraries(phase-sim PRIVATE phase::sim_runner)
target_include_directories(phase-sim SYSTEM PRIVATE ${CLI11_INCLUDE_DIR})
target_compile_definitions(phase-sim PRIVATE PHASE_SCENARIOS="${PROJECT_SOURCE_DIR}/sim/scenarios")
add_dependencies(phase-sim phase-demo-programs phase-link
  phase-hostile-dht phase-hostile-lan phase-hostile-peer)
