# What the shipped programs are made like, and what a service manager says of plasmd's unit. The
# flags are those of a release build.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_executable(phase-shipped-tests hardening_test.cc service_test.cc)
  # It asks what the flags of shipped programs do, and is compiled with them; other tests are not.
  set_source_files_properties(hardening_test.cc PROPERTIES
    COMPILE_OPTIONS -O2 SKIP_PRECOMPILE_HEADERS ON)
  target_link_libraries(phase-shipped-tests PRIVATE phase::sim GTest::gmock GTest::gtest_main)
  target_compile_definitions(phase-shipped-tests PRIVATE
    PHASE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" PHASE_BUILD_DIR="${CMAKE_BINARY_DIR}"
    PHASE_PROGRAMS="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  target_include_directories(phase-shipped-tests SYSTEM PRIVATE ${JSON_INCLUDE_DIR})
  add_dependencies(phase-shipped-tests plasmd phase-init phase-net phase-dhcp-hook phase-lan
    phase-lan-dbus phase-mkinitramfs)
  gtest_discover_tests(phase-shipped-tests PROPERTIES
    LABELS integration TIMEOUT 120 DISCOVERY_TIMEOUT 60)
endif()
