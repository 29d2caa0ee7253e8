// A storm of signals over patched calls: out of how many handlers does an unwinder find its way?
#pragma once

#include <sys/random.h>
#include <sys/time.h>

#include <algorithm>

extern "C" {
#include "../abi/check.h"
}
#include "mlock2.h"

namespace {

volatile bool g_armed;
volatile long g_signals, g_found;
bool (*g_find)();

extern "C" [[gnu::noinline, gnu::visibility("default")]] void Loop(int kind, double seconds);

// A return address in Loop, which main calls.
bool InLoop(const void* at) {
  const char* const start = reinterpret_cast<const char*>(&Loop);
  return at > start && at < start + 400;
}

void OnAlarm(int) {
  if (!g_armed) return;
  ++g_signals;
  g_found = g_found + g_find();
}

// (libc's own, which may throw as far as the compiler knows.)
long Getrandom(void* to) { return getrandom(to, 16, 0); }

void Storm(bool on) {
  const itimerval every = {{0, on ? 500 : 0}, {0, on ? 500 : 0}};
  CHECK_EQ(setitimer(ITIMER_REAL, &every, nullptr), 0);
}

extern "C" void Loop(int kind, double seconds) {
  char bytes[16];
  for (const double end = Now() + seconds; Now() < end;) {
    g_armed = true;
    for (int i = 0; i < 200; ++i) {
      if (kind == 0) Mlock2();
      if (kind == 1) Getrandom(bytes);
    }
    g_armed = false;
  }
}

// The share, in per cent, that must be found.
void Stacks(const char* what, int kind, double seconds, long least) {
  g_signals = g_found = 0;
  Storm(true);
  Loop(kind, seconds);
  Storm(false);
  check_context = what;
  printf("%s: %ld signals, %ld found\n", what, +g_signals, +g_found);
  fflush(stdout);
  CHECK(g_signals > 20);
  CHECK(g_found * 100 >= g_signals * least);
}

void Begin(bool (*find)()) {
  g_find = find;
  Loop(0, 0.05), Loop(1, 0.05);
  struct sigaction action {};
  action.sa_handler = OnAlarm;
  CHECK_EQ(sigaction(SIGALRM, &action, nullptr), 0);
}

bool IsPatchedWay(int argc, char** argv) {
  return argc > 1 && (strcmp(argv[1], "patched") == 0 || strcmp(argv[1], "eager") == 0);
}

}  // namespace
