// Each translated call that takes a name, made of one name, on one of two trees.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/oracle.h"

namespace abishim::test {

// A directory with files, links and odd names. The paths of two of them are of one length.
class NameTree {
 public:
  explicit NameTree(const std::string& parent = "/tmp");
  ~NameTree();
  NameTree(const NameTree&) = delete;
  NameTree& operator=(const NameTree&) = delete;
  int fd() const { return fd_; }
  const std::string& path() const { return directory_.path(); }
  void OpenAnew();            // what is mounted there now
  std::string Looks() const;  // names, types, modes, sizes, targets and attributes

 private:
  TempDir directory_;
  int fd_;
};

struct ByName {
  std::string_view call, how;
  // The answer, and what it tells.
  std::string (*make)(bool natively, int dirfd, const char* path);
  // Without a free descriptor a translation may answer ENOSYS (or EMFILE, where the call gives a
  // descriptor), as its `loses` says.
  bool wants_descriptors = false;
};
extern const std::vector<ByName> kByName;

// The kernel's answer, or that of the row's translation.
long Ask(std::string_view call, bool natively, const Args& args);

// Asks both, each of its own tree: the answers and the trees must agree. Gives the kernel's.
std::string Agree(const ByName& by_name, const NameTree& native, const NameTree& ours,
                  const std::string& path, bool absolute);

// Each name to each call, relative to a directory and absolute. How many answers of each kind
// there were natively; "0" and "opened" is success.
std::map<std::string, int> AgreeOnAll(const NameTree& native, const NameTree& ours,
                                      const std::vector<std::string>& names);

}  // namespace abishim::test
