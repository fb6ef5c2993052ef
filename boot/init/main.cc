// phase-init: PID 1 of the initramfs.
#include <unistd.h>

#include <cstdio>

#include "boot/init/init.h"

int main() {
  if (::getpid() != 1) {
    std::fputs("phase-init is process 1 of an initramfs and does nothing elsewhere\n", stderr);
    return 2;
  }
  phase::boot::run_init();
}
