# What a scenario says, what chance decides, what is judged and shown: no processes, no network.
add_library(phase_sim_scenario STATIC
  bytes_chart.cc
  fields.cc
  judge.cc
  judge_boots.cc
  judge_versions.cc
  names.cc
  page_style.cc
  page_text.cc
  report_page.cc
  report_tables.cc
  run_record_json.cc
  scenario_expectations.cc
  scenario_file.cc
  scenario_hosts.cc
  scenario_timeline.cc
  schedule.cc
  timeline_svg.cc
  toml_tables.cc
  topology_svg.cc
  units.cc
  verbs.cc
)
add_library(phase::sim_scenario ALIAS phase_sim_scenario)
target_link_libraries(phase_sim_scenario PUBLIC phase::proto)
target_include_directories(phase_sim_scenario SYSTEM PRIVATE ${JSON_INCLUDE_DIR} ${TOML_INCLUDE_DIR})
