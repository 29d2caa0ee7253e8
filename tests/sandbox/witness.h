// What witness.c, which looks on from outside, and witnessed.c share: memory, by descriptor
// kShared.
#pragma once
#include <linux/filter.h>

enum { kShared = 700, kThreads = 6, kFilters = 24, kRoom = 64 };

struct Filter {
  int in_force;  // set by the witness, when it has seen the kernel say so
  int length;
  struct sock_filter code[kRoom];
};
struct Thread {
  int tid;
  long nr;         // what the program is calling; each call is made by one instruction
  int installing;  // which filter that call installs, -1: none
};
struct Shared {
  int pid, go, done;  // the child to look at; go on; there is no more
  unsigned long behind_call, behind_end;
  int filters;
  struct Filter filter[kFilters];
  struct Thread thread[kThreads];
};
