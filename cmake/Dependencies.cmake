# Every library that we build on, found once. Why each was chosen: docs/ARCHITECTURE.md.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)

pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(LIBTORRENT REQUIRED IMPORTED_TARGET libtorrent-rasterbar)
pkg_check_modules(KMOD REQUIRED IMPORTED_TARGET libkmod)

# Header-only, the same on every architecture.
find_path(JSON_INCLUDE_DIR nlohmann/json.hpp REQUIRED)
find_path(TOML_INCLUDE_DIR toml++/toml.h REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
find_path(BEAST_INCLUDE_DIR boost/beast.hpp REQUIRED)

if(NOT PHASE_CORE_ONLY)
  pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
  pkg_check_modules(ELF REQUIRED IMPORTED_TARGET libelf)
  pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
  find_path(HTTPLIB_INCLUDE_DIR httplib.h REQUIRED)
  find_library(HTTPLIB_LIBRARY cpp-httplib REQUIRED)
  if(PHASE_TESTS)
    find_package(GTest REQUIRED)
    include(GoogleTest)
  endif()
endif()
