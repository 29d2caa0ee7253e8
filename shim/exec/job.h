// One exec under way: what the caller and its helper share.
#pragma once

#include <atomic>

#include "shim/exec/handover.h"
#include "shim/exec/loader.h"

namespace abishim::exec {

// The words that pass between the two, in this order. A futex.
enum State : int {
  kFresh,     // the helper looks at the target and waits
  kGo,        // caller: you are named as my tracer
  kSeized,    // helper: exec
  kNoTracer,  // helper: ptrace is not possible here
  kAlone,     // helper: a program that is none of ours (i386): exec without me
  kRefused,   // helper: give `error` back
};

struct Job {
  std::atomic<int> state;
  int error;
  int pid, tid;  // the caller
  int helper;
  Word area;  // where this stands; the helper's stack is its upper end
  Request request;
  bool own_files;      // the helper was made with a file table of its own
  bool made_dumpable;  // the caller's memory; to be undone
  Word stack;          // one of ours that a vfork child leaves behind; 0: none
  Parcel parcel;
};
inline constexpr Word kAreaBytes = 32 * 1024;

// Sets the state, but only if it is `from`.
void Change(Job* job, State from, State to);
// Waits while the state is `from`; 0.2 s at most.
void Await(Job* job, State from);

// What the helper does, from its first instruction to its end.
[[noreturn]] void Help(void* job);

}  // namespace abishim::exec
