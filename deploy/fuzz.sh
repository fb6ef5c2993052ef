#!/bin/bash
# Fuzzes: every decoder of untrusted bytes, and the trust engine.
#   deploy/fuzz.sh [SECONDS [TARGET...]]   each target (default: all) for SECONDS (default 3600), as
#                                          many at once as FUZZ_JOBS says (default: cores)
#   deploy/fuzz.sh --keep [TARGET...]      puts what was found since into tests/fuzz/corpus, minimised
# What is new stays in build/fuzz/found/TARGET, so the next run goes on there; an input that breaks
# a target stays in build/fuzz/findings. The table at the end says executions, edges covered and
# findings of each; the status is 1 where there is any finding.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

keep=no
if [[ ${1:-} == --keep ]]; then
  keep=yes
  shift
else
  seconds=${1:-3600}
  [[ $seconds =~ ^[0-9]+$ ]] || die "usage: fuzz.sh [SECONDS [TARGET...]] | --keep [TARGET...]"
  [[ $# -eq 0 ]] || shift
fi
jobs=${FUZZ_JOBS:-$(nproc)}
# Of a target's corpus in the tree.
most_inputs=40
most_bytes=2048
folder=$project/build/fuzz
build fuzz fuzzers
cd "$folder/bin"
# What targets write to files need not reach a disk.
[[ ! -w /dev/shm ]] || export TMPDIR=/dev/shm
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(fuzz_*)
for target in "${targets[@]}"; do
  [[ -x $target ]] || die "$target: no such target; there are: $(echo fuzz_*)"
done

# prepare TARGET    its folders, and the seeds that it makes itself.
prepare() {
  as_builder mkdir -p "$folder/found/$1" "$folder/findings" "$folder/logs"
  as_builder "./$1" "--make-seeds=$folder/seeds/$1" >&2
}

# Runs as its own process under xargs: fuzz_one SECONDS FOLDER CORPUS TARGET
fuzz_one() {
  local seconds=$1 folder=$2 target=$4 corpus=()
  [[ ! -d $3/$target ]] || corpus=("$3/$target")
  # A finding shows in the findings folder and in the table; the other targets still have their turn.
  "./$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$folder/findings/$target-" "$folder/found/$target" "$folder/seeds/$target" \
    "${corpus[@]}" >"$folder/logs/$target" 2>&1 || touch "$folder/logs/$target.broken"
}
export -f fuzz_one

# show_finding TARGET    why it broke, and the input if it is small.
show_finding() {
  local log=$folder/logs/$1 input
  say "$1 broke: $(grep -m1 'Seed:' "$log")"
  { grep -A25 -m1 'ERROR:\|runtime error:' "$log" || tail -25 "$log"; } | cut -c1-200
  for input in "$folder/findings/$1"-*; do
    [[ -e $input ]] || continue
    echo "$input, of $(stat -c %s "$input") bytes:"
    [[ $(stat -c %s "$input") -gt 4096 ]] || base64 "$input"
  done
}

# keep_target TARGET    the corpus in the tree: small inputs that reach what the seeds do not, few.
keep_target() {
  local corpus=$project/tests/fuzz/corpus/$1 small=$folder/small merged=$folder/merged
  as_builder rm -rf "$small" "$merged"
  as_builder mkdir -p "$small" "$corpus"
  as_builder cp -r "$folder/seeds/$1" "$merged"
  as_builder find "$corpus" "$folder/found/$1" -type f -size -"$((most_bytes + 1))"c \
    -exec cp -t "$small" {} +
  # Without counters each branch counts once, not again for each number of times that it was taken.
  as_builder "./$1" -use_counters=0 -set_cover_merge=1 "$merged" "$small" \
    >"$folder/logs/$1.merge" 2>&1 ||
    die "$1: cannot be merged, see $folder/logs/$1.merge"
  as_builder rm -rf "$merged"/seed-* "$corpus"
  as_builder mkdir "$corpus"
  # What adds most is written first.
  find "$merged" -type f -printf '%i %p\n' | sort -n | sed -n "1,${most_inputs}p" | cut -d' ' -f2- |
    as_builder xargs -r cp -t "$corpus"
  say "$1: $(find "$corpus" -type f | wc -l) inputs kept"
}

if [[ $keep == yes ]]; then
  for target in "${targets[@]}"; do
    prepare "$target"
    keep_target "$target"
  done
  exit 0
fi

say "${#targets[@]} fuzz targets, $seconds s each, $jobs at once"
for target in "${targets[@]}"; do
  prepare "$target"
  as_builder rm -f "$folder/logs/$target" "$folder/logs/$target.broken"
done
printf '%s\n' "${targets[@]}" | as_builder xargs -P "$jobs" -I{} \
  bash -c 'fuzz_one "$@"' fuzz_one "$seconds" "$folder" "$project/tests/fuzz/corpus" {}

broken=0
{
  printf '%-28s %14s %8s %9s  %s\n' target executions edges corpus result
  for target in "${targets[@]}"; do
    log=$folder/logs/$target
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
    edges=$(grep -o ' cov: [0-9]*' "$log" | tail -1 | tr -dc 0-9 || true)
    inputs=$(find "$folder/found/$target" "$project/tests/fuzz/corpus" -path "*/$target/*" | wc -l)
    result="no finding"
    if [[ -e $log.broken ]]; then
      result="BROKEN: see $log"
      broken=$((broken + 1))
    fi
    printf '%-28s %14s %8s %9s  %s\n' "$target" "${executions:--}" "${edges:--}" "$inputs" "$result"
  done
  # On a machine of CI the log is gone with the run, so what broke is told here.
  for target in "${targets[@]}"; do
    [[ ! -e $folder/logs/$target.broken ]] || show_finding "$target"
  done
} >&2
[[ $broken -eq 0 ]] || die "$broken targets broke; the inputs are in $folder/findings"
