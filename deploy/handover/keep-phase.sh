#!/bin/sh
# Keeps what a boot by Phase Boot handed over (/phase, docs/HANDOVER.md) when an initramfs gives way to
# the system on disk: it is /run/phase there, read-only. Nothing is copied: the files stay where the
# kernel unpacked them, and a mount of them moves on with /run.
#
# Whoever switches roots removes the initramfs's files first (run-init of klibc, switch_root of
# util-linux and busybox, systemd), but none of them crosses a mount point: an empty file system
# over /phase keeps them out. Both mounts or none: half of it would be files that are about to go.
# POSIX sh, and the mount of klibc, busybox or util-linux.

phase_keep() {
  [ -f /phase/boot.json ] || return 0
  mkdir -p /run/phase || return 1
  mount -o bind /phase /run/phase || return 1
  mount -t tmpfs -o size=4k,mode=0755 phase-cover /phase || {
    umount /run/phase
    return 1
  }
  # That nobody writes there is a promise, not a need: an old mount may not know how.
  mount -o remount,bind,ro /run/phase 2>/dev/null || :
}

phase_keep || echo "phase-handover: /phase is lost: it could not be mounted at /run/phase" >&2
