#!/bin/bash
# Goal: what a boot handed over outlives the switch from an initramfs to a Debian on disk, with
# initramfs-tools and with dracut, and is served there. Method: a debootstrapped Debian with the hook
# installed as docs/HANDOVER.md says; its kernel and initramfs, with an archive behind it as PID 1
# appends it, in QEMU. The system on disk compares every file by its hash and starts plasmd.
#   tests/vm/handover-hooks.sh initramfs-tools|dracut FOLDER PROGRAMS
# FOLDER keeps the Debian for the next run; PROGRAMS is where plasmd lies. As root.
set -euo pipefail

kind=${1:?usage: handover-hooks.sh initramfs-tools|dracut FOLDER PROGRAMS}
folder=$(realpath -m "${2:?}")
programs=$(realpath "${3:?}")
source_folder=$(realpath "$(dirname "$0")/../..")
hooks=$source_folder/deploy/handover
root=$folder/$kind
mkdir -p "$folder"

# Where this host's own packages come from.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
  awk -v suite="$(. /etc/os-release; echo "$VERSION_CODENAME")" '$2 == suite { print $1; exit }')

make_debian() {
  local packages=linux-image-cloud-amd64,$kind
  [[ $kind == dracut ]] && packages+=,systemd-sysv
  debootstrap --variant=minbase --include="$packages" \
    "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$root.new" "$mirror"
  mv "$root.new" "$root"
}

install_hook() {
  if [[ $kind == initramfs-tools ]]; then
    install -D -m 755 "$hooks/keep-phase.sh" "$root/usr/local/lib/phase/keep-phase.sh"
    install -D -m 755 "$hooks/initramfs-tools/hook" "$root/etc/initramfs-tools/hooks/phase-handover"
    install -D -m 755 "$hooks/initramfs-tools/phase-handover" \
      "$root/etc/initramfs-tools/scripts/init-bottom/phase-handover"
    chroot "$root" update-initramfs -u
    initrd=$(ls "$root"/boot/initrd.img-*)
  else
    local module=$root/usr/lib/dracut/modules.d/90phase-handover
    install -D -m 755 "$hooks/dracut/90phase-handover/module-setup.sh" "$module/module-setup.sh"
    install -m 755 "$hooks/keep-phase.sh" "$module/keep-phase.sh"
    local version
    version=$(basename "$(ls -d "$root"/lib/modules/*)")
    initrd=$root/boot/dracut.img
    chroot "$root" dracut --force --no-hostonly --add-drivers "virtio_blk virtio_pci ext4" \
      /boot/dracut.img "$version"
  fi
}

# A release of this kernel, and /phase as docs/HANDOVER.md has it.
make_phase() {
  local work=$folder/work-$kind release
  rm -rf "$work"
  mkdir -p "$work/phase/release"
  key=$("$programs/plasmd" keygen --out "$work/key" | grep -oE '[0-9a-f]{64}' | head -n 1)
  (cd "$work" && echo hello >file && echo file | cpio -o -H newc --quiet >node.cpio)
  "$programs/plasmd" publish -a "$work/store" --secret-key "$work/key/secret.key" --channel stable \
    --arch x86_64 --kernel "$(ls "$root"/boot/vmlinuz-*)" --initramfs "$work/node.cpio" >/dev/null
  release=$(ls -d "$work"/store/releases/phase-*)
  cp -r "$release/." "$work/phase/release/"
  cp "$work"/store/torrents/*.torrent "$work/phase/release.torrent"
  cp "$work/store/pointers/$key/stable/x86_64.items" "$work/phase/pointer"
  printf '{"key":"%s","channel":"stable","arch":"x86_64","mode":"internet","bootstrap":[]}' "$key" \
    >"$work/phase/boot.json"
  cp "$initrd" "$work/initrd"
  truncate -s %4 "$work/initrd"
  (cd "$work" && find phase | cpio -o -H newc --quiet >>initrd)
  (cd "$work/phase" && find . -type f -exec sha256sum {} + | sort -k 2 >"$work/expected")
}

# plasmd and its libraries as the host has them, in a folder of their own: the Debian on disk stays
# as small as it is.
make_disk() {
  local work=$folder/work-$kind
  mkdir -p "$root/opt/phase"
  cp "$programs/plasmd" "$root/opt/phase/"
  ldd "$programs/plasmd" | awk '$3 ~ /^\// { print $3 } $1 ~ /^\/.*ld-linux/ { print $1 }' |
    xargs -I{} cp -L {} "$root/opt/phase/"
  cp "$work/expected" "$root/opt/phase/expected"
  cat >"$root/opt/phase/check" <<'CHECK'
#!/bin/sh
# PID 1 of the system on disk.
exec >/dev/console 2>&1
mountpoint -q /proc || mount -t proc proc /proc
echo "root is $(stat -f -c %T /)"
if cd /run/phase && sha256sum --strict --quiet -c /opt/phase/expected; then
  echo "HANDOVER files as handed over: $(wc -l </opt/phase/expected)"
fi
touch /run/phase/written 2>/dev/null && echo "HANDOVER can be written"
/bin/ip link set lo up 2>/dev/null || true
/opt/phase/ld-linux-x86-64.so.2 --library-path /opt/phase /opt/phase/plasmd serve --handed-over \
  /run/phase -a /tmp/store --no-dht --no-lan --bind 127.0.0.1 --admin none --user root |
  while read -r line; do
    echo "plasmd: $line"
    case $line in "serving channel="*) break ;; esac
  done
echo "HANDOVER end"
sync
echo o >/proc/sysrq-trigger
sleep 60
CHECK
  chmod 755 "$root/opt/phase/check"
  rm -f "$work/disk"
  mkfs.ext4 -q -d "$root" "$work/disk" 2G
}

boot() {
  local work=$folder/work-$kind
  local machine=(qemu-system-x86_64 -M q35 -m 768 -nographic -no-reboot -nic none
    -kernel "$(ls "$root"/boot/vmlinuz-*)" -initrd "$work/initrd"
    -append "console=ttyS0 root=/dev/vda rw init=/opt/phase/check panic=-1"
    -drive "file=$work/disk,format=raw,if=virtio")
  if ! timeout 400 "${machine[@]}" </dev/null | tee "$work/console" |
    grep --line-buffered -E "HANDOVER|serving channel|plasmd|phase-handover"; then
    echo "$kind: nothing of the kind was said" >&2
  fi
}

[[ -d $root ]] || make_debian
install_hook
make_phase
make_disk
boot
grep -q "HANDOVER files as handed over" "$folder/work-$kind/console"
grep -q "serving channel=stable" "$folder/work-$kind/console"
! grep -q "HANDOVER can be written" "$folder/work-$kind/console"
echo "$kind: kept and served"
