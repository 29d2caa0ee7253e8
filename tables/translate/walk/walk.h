// Resolving a path one component at a time, for openat2's RESOLVE_ flags.
//
// Every step opens one name in a directory that is already held, O_PATH and never following a
// symbolic link; links are read and expanded here. Below a root (BENEATH, IN_ROOT) all directories
// on the way are held until the end: ".." goes back to the one that was come from, the host is
// never asked for a parent, so that no rename can lead above the root. Whether the held ones still
// hang together is checked before anything is opened: if not, EAGAIN, as the kernel may say too.
#pragma once

#include <linux/openat2.h>

#include "tables/translate/walk/proc.h"

namespace abishim::translate {

class Walk {
 public:
  Walk(const Kernel& kernel, const open_how& how);
  // A descriptor, or -errno with nothing left behind. `path` is the program's.
  long Open(int dirfd, Word path);

 private:
  static constexpr int kDeepest = 1024;     // as many descriptors as a program usually may have
  static constexpr int kTextSize = 24576;   // what is still to be walked
  static constexpr int kNamesSize = 12288;  // the names that led to the held directories

  struct Component {
    const char* name;
    bool last, slash;  // nothing comes after it; one or more slashes do
  };

  // walk.cc: where we are.
  long Start(int dirfd);
  long Steps();
  Component Next();
  bool Expand(long size);  // the first bytes of text_ come before what is still to be walked
  long Root();
  long Down(const Component& component);
  long Up();
  long Push(int fd, const char* name);
  int Take();  // the innermost directory, no longer held
  void Release();
  int Here() const { return held_[depth_]; }
  long Lookup(const Component& component, KernelStat* stat) const;
  long Search() const;
  long CheckMount(int fd) const;
  long CheckHeld(int depth) const;
  long CheckAllHeld() const;

  // links.cc: symbolic links.
  long Follow(int link, const KernelStat& stat, const Component& component);
  long FollowMagic(int link, const Component& component);
  bool MayFollow(int link, const KernelStat& stat) const;

  // last_step.cc: what the path leads to.
  long Last(int object, const KernelStat& stat, const Component& component);
  long OpenDirectory();
  long Create(const Component& component);
  long OpenObject(int object, const KernelStat& stat, const char* name);
  long OpenByProc(int object, Word flags) const;
  long OpenByName(const KernelStat& stat, const char* name, Word flags) const;
  bool StickyForbids(int object, const KernelStat& stat) const;
  int Raise(int fd) const;

  bool Has(Word flag) const { return (how_.flags & flag) == flag; }
  bool Resolves(Word flag) const { return (how_.resolve & flag) != 0; }
  void Close(int fd) const { kernel_.Call<"close">(fd); }

  const Kernel& kernel_;
  const open_how& how_;
  const bool below_root_;     // BENEATH or IN_ROOT
  bool follow_last_;          // not O_NOFOLLOW, or a trailing slash was met
  bool must_be_directory_;    // O_DIRECTORY, or a trailing slash was met
  bool last_is_dot_ = false;  // "." or ".." came last
  int links_ = 0;
  bool met_root_ = false;  // the path was absolute, or ".." was met: see Root()
  long mount_ = 0;         // of Here(), with NO_XDEV
  int depth_ = -1;
  int held_[kDeepest];            // [0] is the root; not below a root there is only [0]
  short names_at_[kDeepest + 1];  // where the name that led to held_[i] stands in names_
  char names_[kNamesSize];
  char text_[kTextSize];  // what is still to be walked stands at its end
  char* rest_;
};
// It runs on a stack of 64 KiB and leaves a quarter of that to others.
static_assert(sizeof(Walk) < 45 * 1024);

}  // namespace abishim::translate
