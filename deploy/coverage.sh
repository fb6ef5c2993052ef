#!/bin/bash
# Measures what the unit tests reach of the code that decides on trust (clang's source-based
# coverage; edges of exceptions are no branches there).
#   deploy/coverage.sh
# Aims: every branch of the verifier and of the trust engine, 90 % of the lines of proto/. Prints a
# table, names what is missed, fails below an aim. build/coverage/report.json holds all of it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The verifier, from the release's folder to the verdict, and the engine that it asks, with the rules of
# roots and the following of their chain.
branches=(boot/init/verify_release.cc boot/init/judge.cc proto/trust.cc proto/envelope.cc
  proto/signers.cc proto/trust_engine.cc proto/root_rules.cc proto/root_chain.cc)
least_lines=90
tests=(proto_tests boot_verifier_tests)

folder=$project/build/coverage
build coverage "${tests[@]}"
rm -rf "$folder/profiles"
objects=()
for test in "${tests[@]}"; do
  # As root, as deploy/test.sh runs them: the verifier's process gives up rights that it must have.
  (cd "$folder" && LLVM_PROFILE_FILE="$folder/profiles/$test-%p.profraw" \
    "bin/$test" --gtest_brief=1 >&2)
  objects+=(-object "$folder/bin/$test")
done
[[ $builder == root ]] || chown -R "$builder": "$folder/profiles"
as_builder llvm-profdata-14 merge -sparse "$folder"/profiles/*.profraw -o "$folder/merged.profdata"
# Headers that the build makes, and tests, are not what is measured.
measured=(-instr-profile "$folder/merged.profdata" "${objects[@]:1}"
  -ignore-filename-regex='/(tests|build)/|\.pb\.')
as_builder llvm-cov-14 export "${measured[@]}" >"$folder/report.json"

# A branch is [line, column, end line, end column, times true, times false, …]: both must be taken.
# With several test programs a file stands once for all of them.
table() {
  jq -r --arg root "$project/" --argjson least "$least_lines" --args '
    def percent: (. * 10 | round / 10 | tostring) + " %";
    def row(name; covered; count; aim):
      {name: name, text: "\(covered) of \(count)",
       percent: (if count == 0 then 100 else 100 * covered / count end), aim: aim};
    [.data[0].files[] | .filename |= ltrimstr($root)] as $files
    | ($files | map(select(.filename | startswith("proto/")))) as $proto
    | [row("lines of proto/"; ($proto | map(.summary.lines.covered) | add);
           ($proto | map(.summary.lines.count) | add); $least)]
      + [$ARGS.positional[] as $name
         | ($files | map(select(.filename == $name)) | first) as $file
         | if $file == null then row("branches of " + $name + " (not built)"; 0; 1; 100)
           else row("branches of " + $name; $file.summary.branches.covered;
                    $file.summary.branches.count; 100) end]
    | .[] | "\(.name)\t\(.text)\t\(.percent | percent)\t\(if .percent < .aim then "BELOW \(.aim) %" else "" end)"
  ' "${branches[@]}" <"$folder/report.json"
}

# FILE:LINE of each branch that was not taken both ways, and the worst files of proto/.
missed() {
  jq -r --arg root "$project/" --args '
    [.data[0].files[] | .filename |= ltrimstr($root)] as $files
    | ($files[] | select(.filename as $f | $ARGS.positional | index($f))
       | .filename as $name | .branches[] | select(.[4] == 0 or .[5] == 0)
       | "\($name):\(.[0]):\(.[1]): never \(if .[4] == 0 then "true" else "false" end)"),
      ($files | map(select((.filename | startswith("proto/")) and .summary.lines.percent < $least))
       | .[] | "\(.filename): \(.summary.lines.percent | round) % of its lines")
  ' --argjson least "$least_lines" "${branches[@]}" <"$folder/report.json" | sort -u
}

say "missed"
missed >&2
say "coverage"
table | awk -F'\t' '{ printf "%-42s %-14s %-9s %s\n", $1, $2, $3, $4 }' >&2
! table | grep -q 'BELOW' || die "below the aim; build/coverage/report.json says where"
