// Trees of files with extended attributes, and random ways to name a file in one, for setxattrat
// and its kin: the kernel works on one tree, the translation on another.
#pragma once

#include <functional>
#include <string>

#include "tests/support/oracle.h"

namespace abishim::test {

struct Attribute {  // struct xattr_args
  Word value;
  unsigned size, flags;
  Word later;  // than the kernels we know
};

class AttributeTree {
 public:
  AttributeTree();
  ~AttributeTree();
  AttributeTree(const AttributeTree&) = delete;
  AttributeTree& operator=(const AttributeTree&) = delete;
  int fd() const { return fd_; }
  std::string operator/(const std::string& name) const { return top_ + "/" + name; }
  std::string All() const;  // every attribute of every file

 private:
  TempDir dir_;
  std::string top_ = dir_ / "top";  // the names have "..", which is not to be /tmp
  int fd_;
};

// One random choice, to be made of both trees alike.
class AttributePlace {
 public:
  AttributePlace();
  // Calls `body` with a descriptor, the address of a path, and AT_* flags, the ints with garbage.
  long In(const AttributeTree& tree, const std::function<long(Word, Word, Word)>& body) const;
  std::string Text() const;

 private:
  const char* name_;
  bool absolute_, empty_, from_here_;
  int opened_how_, flags_, bad_fd_;
  Word bad_path_;
  bool has_bad_path_;
};

// The name of an attribute: often one that is there, at times an impossible one.
Word RandomAttribute();

}  // namespace abishim::test
