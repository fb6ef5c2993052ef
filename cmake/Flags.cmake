# Warnings, hardening and sanitizers as interface targets; every target of ours links phase::flags.
add_library(phase_flags INTERFACE)
add_library(phase::flags ALIAS phase_flags)

# -O3 makes the programs larger and no faster: what costs time is in the libraries.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees an impossible overlap in std::string's operator+ (gcc.gnu.org/PR105651).
  target_compile_options(phase_flags INTERFACE -Wno-restrict)
endif()

target_include_directories(phase_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(phase_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Werror)

if(PHASE_SANITIZE)
  target_compile_options(phase_flags INTERFACE
    -fsanitize=${PHASE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(phase_flags INTERFACE -fsanitize=${PHASE_SANITIZE})
  if(PHASE_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has fences, which ThreadSanitizer passes over; GCC warns of that.
    target_compile_options(phase_flags INTERFACE -Wno-tsan)
  endif()
else()
  target_compile_options(phase_flags INTERFACE -fstack-protector-strong)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(phase_flags INTERFACE -fcf-protection=full)
  endif()
  target_compile_definitions(phase_flags INTERFACE
    $<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2> _GLIBCXX_ASSERTIONS)
  target_link_options(phase_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack
    $<$<CONFIG:Release>:-s>)
  include(CheckPIESupported)
  check_pie_supported(LANGUAGES CXX)
endif()
