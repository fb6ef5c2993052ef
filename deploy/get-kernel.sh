#!/bin/bash
# Downloads Debian's packaged kernel, resolved from its metapackage; never installs it.
#   deploy/get-kernel.sh METAPACKAGE FOLDER     prints the path FOLDER/METAPACKAGE.deb
# What is there already is taken as it is; remove the folder to get a newer one.
set -euo pipefail

metapackage=${1:?usage: get-kernel.sh METAPACKAGE FOLDER}
folder=${2:?usage: get-kernel.sh METAPACKAGE FOLDER}
result="$folder/$metapackage.deb"

if [[ ! -s $result ]]; then
  mkdir -p "$folder"
  # "Depends: linux-image-6.1.0-56-cloud-amd64", maybe with a version behind it.
  package=$(apt-cache depends --important "$metapackage" |
    sed -n 's/^ *Depends: \(linux-image-[^ ]*\).*/\1/p' | head -n 1)
  if [[ -z $package ]]; then
    echo "get-kernel: $metapackage is unknown to apt; run apt-get update" >&2
    exit 1
  fi
  echo "get-kernel: downloading $package" >&2
  # A folder of this run's own: the result appears whole or not at all.
  work=$(mktemp -d "$folder/.download-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  # apt's own unprivileged user may not write here; then it downloads as the caller and says so.
  (cd "$work" && apt-get download -q "$package" >&2)
  mv "$work"/*.deb "$result"
fi
echo "$result"
