// The functions that a compiler may call by itself even in freestanding code. Not linked into
// the tests, which have a libc. Built with -fno-builtin -fno-tree-loop-distribute-patterns, or the
// loops would become calls of themselves.

extern "C" {

[[gnu::visibility("hidden")]] void* memmove(void* to, const void* from, unsigned long bytes) {
  auto* t = static_cast<char*>(to);
  auto* f = static_cast<const char*>(from);
  if (t <= f) {
    for (unsigned long i = 0; i < bytes; ++i) t[i] = f[i];
  } else {
    while (bytes-- > 0) t[bytes] = f[bytes];
  }
  return to;
}

[[gnu::visibility("hidden")]] void* memcpy(void* to, const void* from, unsigned long bytes) {
  return memmove(to, from, bytes);
}

[[gnu::visibility("hidden")]] void* memset(void* to, int value, unsigned long bytes) {
  auto* t = static_cast<char*>(to);
  for (unsigned long i = 0; i < bytes; ++i) t[i] = static_cast<char>(value);
  return to;
}

[[gnu::visibility("hidden")]] int memcmp(const void* a, const void* b, unsigned long bytes) {
  auto* x = static_cast<const unsigned char*>(a);
  auto* y = static_cast<const unsigned char*>(b);
  for (unsigned long i = 0; i < bytes; ++i) {
    if (x[i] != y[i]) return x[i] - y[i];
  }
  return 0;
}

[[gnu::visibility("hidden")]] unsigned long strlen(const char* text) {
  unsigned long length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

}  // extern "C"
