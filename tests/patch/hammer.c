// with: sites.S
// Eight threads go through fresh call sites while these are patched: from their beginning and from
// their syscall instruction, and another thread forks all the time. No result may be wrong, no
// child may hang.
#include "../abi/check.h"
#include "sites.h"

enum { kThreads = 8, kChildSites = 300 };

static volatile int done;
static unsigned long calls, forks;

static void Report(const char* what, const struct site* site, int late) {
  printf("FAILED: %s of call %ld at %p%s\n", what, site->nr, (const void*)site->begin,
         late ? ", late" : "");
  fflush(stdout);
  _exit(kFailed);
}

static void Call(unsigned* random) {
  *random = *random * 1103515245 + 12345;
  const struct site* site = &sites[(*random >> 8) % (unsigned long)site_count];
  const int late = (*random >> 4) % 16 == 0;
  const char* wrong = Try(site, late);
  if (wrong != 0) Report(wrong, site, late);
}

static void* Hammer(void* seed) {
  unsigned random = (unsigned)(long)seed * 2654435761u;
  unsigned long made = 0;
  for (; !done; ++made) Call(&random);
  __atomic_fetch_add(&calls, made, __ATOMIC_RELAXED);
  return 0;
}

static void* Forks(void* unused) {
  unsigned random = 4711;
  for (; !done; ++forks) {
    random += 7;
    const pid_t child = Fork();
    if (child == 0) {
      unsigned own = random;
      for (int i = 0; i < kChildSites; ++i) Call(&own);
      _exit(0);
    }
    CHECK_EQ(StatusOf(child), 0);
  }
  return unused;
}

int main(int argc, char** argv) {
  const int patches =
      argc > 1 && (strcmp(argv[1], "patched") == 0 || strcmp(argv[1], "eager") == 0);
  const int seconds = argc > 2 ? atoi(argv[2]) : 3;
  Watchdog(seconds + 60);
  pthread_t threads[kThreads + 1];
  pthread_create(&threads[kThreads], 0, Forks, 0);
  for (long i = 0; i < kThreads; ++i) pthread_create(&threads[i], 0, Hammer, (void*)(i + 1));
  sleep((unsigned)seconds);
  done = 1;
  for (int i = 0; i <= kThreads; ++i) pthread_join(threads[i], 0);
  for (int i = 0; i < 250; ++i) {  // (sites that share a counter take turns)
    for (long s = 0; s < site_count; ++s) {
      const char* wrong = Try(&sites[s], 0);
      if (wrong != 0) Report(wrong, &sites[s], 0);
    }
  }
  printf("%lu calls, %lu forks, %ld of %ld sites patched\n", calls, forks, CountPatched(),
         site_count);
  fflush(stdout);
  // Some cross the end of a page.
  CHECK(patches ? CountPatched() > site_count * 98 / 100 : CountPatched() == 0);
  return Done();
}
