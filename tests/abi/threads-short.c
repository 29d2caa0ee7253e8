// 2,000 short threads while others make planned calls: none of what serves a thread may outlive it.
#include "planned.h"

static volatile int stop;
static void* Busy(void* argument) {
  while (!stop) MakePlannedCalls();
  return argument;
}
static void* Short(void* argument) {
  MakePlannedCalls();
  return argument;
}

static int CountMappings(void) {
  FILE* maps = fopen("/proc/self/maps", "r");
  CHECK(maps);
  int count = 0;
  for (int c; (c = getc(maps)) != EOF;) count += c == '\n';
  fclose(maps);
  return count;
}

static long ResidentKib(void) {
  long pages = 0;
  FILE* statm = fopen("/proc/self/statm", "r");
  CHECK(statm);
  CHECK_EQ(fscanf(statm, "%*d %ld", &pages), 1);
  fclose(statm);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void ShortThreads(int count) {
  for (int i = 0; i < count; i += 8) {
    pthread_t threads[8];
    for (int j = 0; j < 8; ++j) CHECK_EQ(pthread_create(&threads[j], 0, Short, 0), 0);
    for (int j = 0; j < 8; ++j) CHECK_EQ(pthread_join(threads[j], 0), 0);
  }
}

int main(void) {
  Watchdog(20);
  pthread_t busy[2];
  for (int i = 0; i < 2; ++i) CHECK_EQ(pthread_create(&busy[i], 0, Busy, 0), 0);
  ShortThreads(64);  // libc's caches of stacks and arenas fill
  int mappings = CountMappings();
  long resident = ResidentKib();
  ShortThreads(2000);
  check_context = "mappings grew";
  CHECK(CountMappings() - mappings < 40);
  check_context = "memory grew";  // a stack that leaked per thread: at least 8 MiB
  CHECK(ResidentKib() - resident < 4096);
  stop = 1;
  for (int i = 0; i < 2; ++i) CHECK_EQ(pthread_join(busy[i], 0), 0);
  return Done();
}
