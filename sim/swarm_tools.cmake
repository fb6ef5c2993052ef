# The other people of a simulated swarm, made of libtorrent alone: plain DHT nodes that provide
# nothing, and a provider that serves altered bytes.
add_library(phase_stranger STATIC stranger.cc)
target_link_libraries(phase_stranger PUBLIC phase::proto PRIVATE PkgConfig::LIBTORRENT)

foreach(program dht_nodes altering_provider)
  string(REPLACE "_" "-" name ${program})
  add_executable(phase-${name} ${program}.cc)
  target_link_libraries(phase-${name} PRIVATE phase_stranger)
  target_include_directories(phase-${name} SYSTEM PRIVATE ${CLI11_INCLUDE_DIR})
endforeach()
