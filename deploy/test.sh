#!/bin/bash
# Installs what is missing, builds, runs every test.
#   sudo deploy/test.sh           clang-tidy on what the last commit changed, sanitizers over the
#                                 readers of untrusted bytes, every fuzz target for FUZZ_SECONDS (10),
#                                 then the release build with its unit, integration and machine tests
#   sudo deploy/test.sh --full    first also the slow proofs: clang-tidy on everything, all unit
#                                 tests under AddressSanitizer and UBSan, threads under
#                                 ThreadSanitizer, every fuzz target for FUZZ_SECONDS (300), coverage
#                                 of what decides on trust, cross-compiling for aarch64, the hostile
#                                 network with five seeds
# The first is to take no more than an hour on two cores with cold caches.
# A part that fails does not keep the next from being run: what failed is named before the test
# runner's summary, which is the last that is printed, and the status is 1.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

full=no
[[ ${1:-} == --full ]] && full=yes
[[ $# -eq 0 || $full == yes ]] || die "usage: test.sh [--full]"
need_root

# Root's reports lie in a folder that its owner wants to delete some day.
give_back() {
  [[ $builder == root || ! -d $project/build ]] || chown -R "$builder": "$project/build"
}
trap give_back EXIT

# part COMMAND [ARGUMENT...]    one of this script's parts, in a shell of its own; goes on if it fails.
failed=()
part() {
  local status=0
  # Not `"$@" || …`: a function called so goes on behind its errors.
  set +e
  (
    set -e
    "$@"
  )
  status=$?
  set -e
  [[ $status -eq 0 ]] || failed+=("$*")
}

# run_built PRESET PROGRAM...    builds and runs test programs of another preset.
run_built() {
  local preset=$1 program
  shift
  build "$preset" "$@"
  for program in "$@"; do
    "$project/build/$preset/bin/$program" --gtest_brief=1 >&2
  done
}

cross_compile() {
  say "proto, dht and boot for aarch64"
  build cross-aarch64 all
  local machine
  machine=$(od -An -tu2 -j18 -N2 "$project/build/cross-aarch64/bin/phase-init" | tr -d ' ')
  [[ $machine == 183 ]] || die "phase-init is not for aarch64 (ELF machine $machine)"
}

sanitized() {
  if [[ $full == yes ]]; then
    say "every unit test, and the programs that read the LAN, under AddressSanitizer and UBSan"
    run_built asan proto_tests dht_tests lan_tests cache_tests machine_tests boot_init_tests \
      boot_verifier_tests confine_tests phase-acquire-tests node_tests initramfs_tests \
      phase-lan-tests phase-web-unit-tests
    say "threads under ThreadSanitizer"
    run_built tsan dht_tests lan_tests phase-acquire-tests phase-acquire-settle-tests node_tests \
      http_provider_test phase-web-tests
  else
    say "AddressSanitizer and UBSan over the readers of untrusted bytes"
    run_built asan proto_tests lan_tests cache_tests machine_tests boot_init_tests \
      boot_verifier_tests confine_tests
  fi
}

hostile_rounds() {
  say "the hostile network, five times"
  PHASE_HOSTILE_ROUNDS=5 "$project/build/release/bin/phase-hostile-tests" --gtest_brief=1 >&2
}

"$project/deploy/install-deps.sh" ci
if [[ $full == yes ]]; then
  part "$project/deploy/tidy.sh" --all
else
  part "$project/deploy/tidy.sh"
fi
part sanitized
default_seconds=10
[[ $full == no ]] || default_seconds=300
part "$project/deploy/fuzz.sh" "${FUZZ_SECONDS:-$default_seconds}"
if [[ $full == yes ]]; then
  part "$project/deploy/coverage.sh"
  part cross_compile
fi

say "release build, with the tests"
kernel_package >/dev/null
build release all
[[ $full == no ]] || part hostile_rounds
if [[ ${#failed[@]} -gt 0 ]]; then
  say "failed before the tests, see above:"
  printf '  %s\n' "${failed[@]}" >&2
fi
say "unit, integration and machine tests"
# Five power cuts show that it works, fifty that it was no luck.
[[ $full == no ]] || export PHASE_POWER_CUTS=50
ctest --test-dir "$project/build/release" --output-on-failure --parallel 2 --no-tests=error
[[ ${#failed[@]} -eq 0 ]]
