// A program that needs the C library and nothing else.
int main() {
  return 0;
}
