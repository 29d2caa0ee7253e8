// Files of every kind and random vectors, for preadv2 and pwritev2: the kernel works on one set,
// the translation on another.
#pragma once

#include <sys/uio.h>

#include <string>
#include <vector>

#include "tests/support/oracle.h"

namespace abishim::test {

class FileSet {
 public:
  explicit FileSet(const std::string& parent = "/dev/shm");
  ~FileSet();
  FileSet(const FileSet&) = delete;
  FileSet& operator=(const FileSet&) = delete;

  enum Kind : int {
    kBoth,
    kRead,
    kWrite,
    kAppend,
    kPipeOut,
    kPipeIn,
    kSocket,
    kFolder,
    kZero,
    kPath,
    kClosed,
    kKinds
  };
  int operator[](int kind) const { return fds_[kind]; }
  // Puts a little into pipe and socket, so that there is something to read.
  void Feed();
  // All that can be seen from outside: contents, positions, what waits at the other ends.
  std::string Seen();

 private:
  TempDir directory_;
  int fds_[kKinds];
  int other_end_;
};

// Random arguments, the same for both: up to 5 vectors, and now and then something wrong.
struct Transfer {
  Transfer();
  // The arguments for one of the two; `buffer` is where the vectors point.
  Args For(const FileSet& files, char* buffer);

  static constexpr int kBuffer = 4096;
  int kind, flags;
  long position;
  Word high;
  std::vector<iovec> vectors;  // the bases are offsets, or bad as they are
  Word address, count;         // 0: those above
  std::vector<iovec> placed;
};

}  // namespace abishim::test
