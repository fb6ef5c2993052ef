#!/bin/bash
# Installs what is missing of deploy/packages.txt; says first what and how much that is.
#   deploy/install-deps.sh demo|test|ci
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-test} in
  demo) wanted='^demo$' ;;
  test) wanted='^(demo|test)$' ;;
  ci) wanted='^(demo|test|cross)$' ;;
  *) die "usage: install-deps.sh demo|test|ci" ;;
esac

native=$(dpkg --print-architecture)
# "name" means this machine's architecture, of which dpkg knows one or "all"; "name:arm64" says it.
is_installed() {
  local name=${1%%:*} arch=$native
  [[ $1 == *:* ]] && arch=${1##*:}
  dpkg-query --show --showformat='${Architecture} ${db:Status-Status}\n' "$name" 2>/dev/null |
    grep -xE "($arch|all) installed" >/dev/null
}

missing=()
while read -r package who _; do
  [[ -z $package || $package == \#* || ! $who =~ $wanted ]] && continue
  is_installed "$package" || missing+=("$package")
done <"$project/deploy/packages.txt"

if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi
need_root
export DEBIAN_FRONTEND=noninteractive

if [[ " ${missing[*]} " == *:arm64* ]] && ! dpkg --print-foreign-architectures | grep -qx arm64; then
  say "adding the architecture arm64 to dpkg, for cross-compiling"
  dpkg --add-architecture arm64
fi
say "reading the lists of packages (apt-get update)"
apt-get update -q >&2

say "packages that are missing, with what for"
for package in "${missing[@]}"; do
  awk -v p="$package" '$1 == p { $2 = ""; print "  " $0 }' "$project/deploy/packages.txt" >&2
done
# apt's own words: "Need to get … of archives", "After this operation, … will be used".
apt-get install --simulate --no-install-recommends "${missing[@]}" |
  awk '/^Inst/ { n++ } END { print "  " n " packages in all, with what they need" }' >&2
apt-get install --assume-no --no-install-recommends "${missing[@]}" 2>/dev/null |
  grep -E '^(Need to get|After this operation)' | sed 's/^/  /' >&2 || true

# What is installed is for tests in networks of their own: no web server and no mDNS responder is to
# start on this host (invoke-rc.d(8), policy-rc.d).
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

say "installing them"
apt-get install -q --yes --no-install-recommends "${missing[@]}" >&2
