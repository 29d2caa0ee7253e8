// The sites of sites.S, and a call through one of them that looks at every register.
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct site {
  const unsigned char *begin, *instruction;
  long nr;
};
extern const struct site sites[];
extern const long site_count;

struct call {
  const void *entry;
  long nr, argument[6];
  long result, after[6], kept, unused, red_zone[2];
};
void call_site(struct call *);

// Is there a jump now?
static int IsPatched(const struct site *site) {
  return *(const volatile unsigned char *)site->begin == 0xe9;
}
static long CountPatched(void) {
  long patched = 0;
  for (long i = 0; i < site_count; ++i) patched += IsPatched(&sites[i]);
  return patched;
}

// The call of this site, by its beginning or, `late`, by its syscall instruction alone. What is
// wrong with it, or null.
static const char *Try(const struct site *site, int late) {
  char bytes[16] = {0};
  unsigned long set = 1ul << (SIGUSR2 - 1), old = ~0ul;
  struct call call = {.entry = late ? site->instruction : site->begin, .nr = site->nr};
  long expected = -EINVAL, arguments[6] = {0, 0, 0x80, 4, 5, 6};  // mlock2: no such flag
  if (site->nr == 318) {
    expected = 8;
    memcpy(arguments, (long[]){(long)bytes, 8, 0, 4, 5, 6}, sizeof(arguments));
  } else if (site->nr == 326) {
    expected = -EBADF;
    memcpy(arguments, (long[]){-1, 0, -1, 0, 1, 0}, sizeof(arguments));
  } else if (site->nr == 14) {
    expected = 0;
    memcpy(arguments, (long[]){SIG_BLOCK, (long)&set, (long)&old, 8, 5, 6}, sizeof(arguments));
  }
  memcpy(call.argument, arguments, sizeof(arguments));
  call_site(&call);
  if (call.result != expected) return "result";
  if (memcmp(call.after, arguments, sizeof(arguments)) != 0) return "arguments";
  if (call.kept != 0) return "registers";
  if (call.red_zone[0] != 0x7777 || call.red_zone[1] != 0x8888) return "red zone";
  if (site->nr == 318 && memcmp(bytes + 8, "\0\0\0\0\0\0\0\0", 8) != 0) return "buffer";
  if (site->nr == 14 && (old & (1ul << (SIGSYS - 1))) != 0) return "old mask";
  return 0;
}
