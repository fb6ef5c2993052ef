// Stands for the programs of an initramfs where only their being there matters: needs no library.
extern "C" [[noreturn]] void _start() {
  for (;;) {
  }
}
