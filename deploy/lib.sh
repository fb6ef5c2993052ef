# Sourced by the scripts beside it: who builds, and how each step is shown.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n== %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# The user who called sudo owns what is built; without sudo it is the one who runs this.
builder=${SUDO_USER:-root}
as_builder() {
  if [[ $EUID -eq 0 && $builder != root ]]; then
    runuser -u "$builder" -- env HOME="$(getent passwd "$builder" | cut -d: -f6)" "$@"
  else
    "$@"
  fi
}

need_root() {
  [[ $EUID -eq 0 ]] || die "needs root for namespaces and machines: run it with sudo"
  as_builder test -w "$project" || die "$project is not writable for $builder, who builds here"
}

# build PRESET TARGET...    ninja shows how far it is.
build() {
  local preset=$1
  shift
  (cd "$project" && as_builder cmake --preset "$preset" >&2)
  as_builder cmake --build "$project/build/$preset" --target "$@" >&2
}

# Prints the path of Debian's packaged kernel; downloads it where it is not there.
kernel_package() {
  # Package lists may be older than the archive, which keeps the newest kernels only.
  [[ -s $project/build/kernel/linux-image-cloud-amd64.deb ]] || apt-get update -q >&2
  as_builder "$project/deploy/get-kernel.sh" linux-image-cloud-amd64 "$project/build/kernel"
}
