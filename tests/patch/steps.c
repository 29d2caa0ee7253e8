// with: sites.S
// Fifty of the hammered sites, each trapped, patched and gone through again, under a debugger that executes every instruction singly
// (steps.gdb). Without one it does the same at full speed.
#include "../abi/check.h"
#include "sites.h"

enum { kSites = 50, kRounds = 3 };

__attribute__((noinline)) static void Begin(void) { __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) static void End(void) { __asm__ volatile("" ::: "memory"); }

int main(int argc, char** argv) {
  (void)argc;
  long patched = 0;
  Begin();
  for (long i = 0; i < kSites; ++i) {
    const struct site* site = &sites[(i * 79 + i % 7) % site_count];
    for (int round = 0; round < kRounds; ++round) {
      const char* wrong = Try(site, round == 2);
      if (wrong != 0) {
        printf("FAILED: %s of call %ld in round %d\n", wrong, site->nr, round);
        return kFailed;
      }
    }
    patched += IsPatched(site);
  }
  End();
  printf("%ld of %d sites patched\n", patched, kSites);
  if (!strcmp(argv[1], "eager")) CHECK_EQ(patched > kSites * 9 / 10, 1);
  if (!strcmp(argv[1], "native") || !strcmp(argv[1], "trap")) CHECK_EQ(patched, 0);
  puts("ok");
  return 0;
}
