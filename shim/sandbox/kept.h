// The filters that the program installed, kept so that it can be asked what they would say.
//
// A filter belongs to the thread that installed it and to all that comes from it; the kernel knows
// to whom, so the kernel is asked (prefix.h). Kept filters are numbered, never changed and never
// given back: a fork child has its parent's, and a vfork child leaves its own with its parent.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <atomic>

#include "tables/result.h"

namespace abishim::sandbox {

// How many filters are kept. 0 in nearly every program, and then nothing here costs anything.
extern std::atomic<unsigned> g_kept;

// The most that the kernel lets a thread carry in all (MAX_INSNS_PER_PATH), and room to write one.
inline constexpr unsigned kRoom = 32768 + 4096;
inline constexpr unsigned kMost = 64;

// Room for a filter of `length` instructions, to be filled in as the program gave it; null when
// there is none left. From Publish on, until Settle, every thread counts as carrying it.
struct Kept {
  sock_filter* code = nullptr;
  unsigned number = 0;
};
Kept Reserve(unsigned length);
void Publish(const Kept& kept, unsigned length);  // of what was filled in
void Settle(const Kept& kept, bool installed);

// Room for so long as an installation takes, not kept; null when there is none. What two threads
// take at a time can stay taken.
sock_filter* Borrow(unsigned length);
void GiveBack(sock_filter* room, unsigned length);

// What the filters that this thread carries say to a call: a seccomp return value.
unsigned Judge(long nr, const Args& args, Word caller);
inline unsigned ActionOf(unsigned said) { return said & SECCOMP_RET_ACTION_FULL; }
inline bool Lets(unsigned said) {
  return ActionOf(said) == SECCOMP_RET_ALLOW || ActionOf(said) == SECCOMP_RET_LOG;
}

// Does this thread carry any of them?
bool CarriesAny();

// At exec: gives what the next program's image must find at the same addresses, part by part.
void HandOn(void (*part)(void* context, void* at, Word bytes), void* context);
// The same as text, with its NUL: 0 bytes where there is nothing to hand on, or more than the
// kernel takes in one string.
Word TextBytes();
void WriteText(char* to);
void ReadText(const char* text);
// There: what is to be done before the first of them is asked.
void Arrive();

}  // namespace abishim::sandbox
