// Comparing a translation with the development kernel's own call.
//
// A test first sees its expectation hold for Native(), then asks the same of Translated(). The host
// that the translation sees lacks every call newer than a version that the test names, so that no
// translation can cheat by making the very call it stands for.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>

#include "tables/kernel.h"

namespace abishim::test {

// The kernel's own answer: a result or -errno. All 64 bits of each argument reach the kernel.
long Native(long nr, const Args& args);
template <Name name>
long Native(const Args& args) {
  return Native(NumberOf(name.View()), args);
}

// The translation's answer on a host that has no call newer than `host`. A re-executed call is
// made; one that this host lacks too is trapped and translated in its turn.
long Translated(Translation* translation, const Args& args, Version host = {2, 6, 32});
// The same where the host has the call but may lie (row.host_may_lie).
long TranslatedWithHostCall(Translation* translation, const Args& args, Version host);
// The same for the translation of a flag (tables/flags.h): the host has the call, and refuses or
// ignores its flags that are newer than `host`.
long TranslatedFlag(Translation* translation, const Args& args, Version host);
// What the translation does before it is re-executed, for tests that look at that.
Result Translate(Translation* translation, const Args& args, Version host = {2, 6, 32});

// An int argument with garbage in its upper half, as a caller's register may hold it.
constexpr Word Dirty(int value) { return 0xbadc0ded00000000 | static_cast<unsigned>(value); }
template <class T>
Word Address(T* pointer) {
  return reinterpret_cast<Word>(pointer);
}
template <class... A>
Args Make(A... a) {
  return Args{{static_cast<Word>(a)...}};
}

Word BadPointer();       // in a page that nobody may touch
Word ReadOnlyPointer();  // in a page that may be read only
Word KernelPointer();    // not a program's address at all

// `bytes` that end where an untouchable page begins.
class AtPageEnd {
 public:
  explicit AtPageEnd(size_t bytes);
  ~AtPageEnd();
  AtPageEnd(const AtPageEnd&) = delete;
  AtPageEnd& operator=(const AtPageEnd&) = delete;
  char* data() const { return data_; }

 private:
  size_t mapped_;
  char* map_;
  char* data_;
};

// A fresh directory (under /tmp, or where `parent` says), removed with all it holds.
class TempDir {
 public:
  explicit TempDir(const std::string& parent = "/tmp");
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// What random inputs came to natively. Prints the shares per errno when it goes, and fails the test
// when fewer than a third succeeded: inputs that all fail alike prove nothing.
class Shares {
 public:
  explicit Shares(std::string what) : what_(std::move(what)) {}
  ~Shares();
  void Count(long native) { ++count_[native < 0 ? native : 0]; }

 private:
  std::string what_;
  std::map<long, int> count_;
};

// Random, but the same each time; ABISHIM_SEED=N for another sequence. The seed is printed.
std::mt19937& Random();
int RandomInt(int low, int high);  // both inclusive
template <class T, size_t N>
T RandomOf(const T (&choices)[N]) {
  return choices[RandomInt(0, N - 1)];
}

std::string ErrnoName(long result);  // "EFAULT" for -14, else the number
int OpenDescriptors();               // how many this process has: a failing call leaves none behind

}  // namespace abishim::test
