// The first thread ends; others go on making planned calls, and the last one ends the process.
#include "planned.h"

static pthread_t leader;

static void* Third(void* argument) {
  for (int i = 0; i < 200; ++i) MakePlannedCalls();
  CHECK_EQ(pthread_join(*(pthread_t*)argument, 0), 0);
  for (int i = 0; i < 200; ++i) MakePlannedCalls();
  exit(Done());
}

static void* Second(void* argument) {
  static pthread_t second;
  pthread_t third;
  CHECK_EQ(pthread_join(leader, 0), 0);
  for (int i = 0; i < 200; ++i) MakePlannedCalls();
  second = pthread_self();
  CHECK_EQ(pthread_create(&third, 0, Third, &second), 0);
  return argument;
}

int main(void) {
  Watchdog(20);
  pthread_t second;
  leader = pthread_self();
  MakePlannedCalls();
  CHECK_EQ(pthread_create(&second, 0, Second, 0), 0);
  pthread_exit(0);
}
