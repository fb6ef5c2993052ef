#!/bin/bash
# dracut: install this folder as /usr/lib/dracut/modules.d/90phase-handover, and keep-phase.sh in it,
# then dracut --force.

check() {
  require_binaries mount umount mkdir || return 1
  return 0
}

depends() {
  return 0
}

install() {
  inst_multiple mount umount mkdir
  # shellcheck disable=SC2154  # dracut sets moddir
  inst_hook pre-pivot 90 "$moddir/keep-phase.sh"
}
