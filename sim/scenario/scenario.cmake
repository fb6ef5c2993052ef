# What a scenario says, what chance decides, what is judged and shown: no processes, no network.
add_library(phase_sim_scenario STATIC
  fields.cc
  judge.cc
  judge_boots.cc
  judge_versions.cc
  names.cc
  scenario_expectations.cc
  scenario_file.cc
  scenario_hosts.cc
  scenario_timeline.cc
  schedule.cc
  toml_tables.cc
  units.cc
)
add_library(phase::sim_scenario ALIAS phase_sim_scenario)
target_link_libraries(phase_sim_scenario PUBLIC phase::proto)
target_include_directories(phase_sim_scenario SYSTEM PRIVATE ${JSON_INCLUDE_DIR} ${TOML_INCLUDE_DIR})
