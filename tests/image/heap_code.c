// Ends with 7 if code can be called that lies on the heap, in the data, in a mapping and on the
// stack.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const unsigned char code[] = {0xb8, 7, 0, 0, 0, 0xc3};
static char data[64] = {1};

__attribute__((noinline)) static int Call(void* at) {
  memcpy(at, code, sizeof(code));
  __asm__ volatile("" : : "r"(at) : "memory");
  return ((int (*)(void))at)();
}
int main(void) {
  char stack[64];
  void* const map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const int results = Call(malloc(64)) | Call(data) | Call(map) | Call(stack);
  if (sbrk(1 << 20) == (void*)-1) return 1;
  return results;
}
