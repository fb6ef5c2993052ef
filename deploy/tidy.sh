#!/bin/bash
# clang-tidy on the .cc files that changed since BASE (default: before the last commit), or on all.
#   deploy/tidy.sh [BASE | --all]
# Any finding is an error. Needs a configured build/dev; makes one.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
base=${1:-HEAD~1}

cd "$project"
if [[ $base == --all ]]; then
  mapfile -t files < <(as_builder git ls-files -- '*.cc' ':!tests')
elif as_builder git rev-parse --quiet --verify "$base" >/dev/null; then
  mapfile -t files < <(as_builder git diff --name-only --diff-filter=AM "$base" -- '*.cc' ':!tests')
else
  files=()  # the first commit of all, or a shallow clone
fi
if [[ ${#files[@]} -eq 0 ]]; then
  say "clang-tidy: no .cc file changed since $base"
  exit 0
fi
say "clang-tidy on ${#files[@]} files"
as_builder cmake --preset dev >&2
# Headers that the build makes.
as_builder cmake --build build/dev --target phase_wire >&2

check_one() {
  clang-tidy --quiet -p build/dev "$1" 2>/dev/null || { echo "clang-tidy: $1" >&2; return 1; }
}
export -f check_one
printf '%s\n' "${files[@]}" | as_builder xargs -P 2 -I{} bash -c 'check_one {}' >&2
