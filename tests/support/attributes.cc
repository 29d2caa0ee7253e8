#include "tests/support/attributes.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace abishim::test {
namespace {

constexpr const char* kFiles[] = {".", "file", "dir", "dir/file", "fifo", "to_file", "to_dir"};
constexpr const char* kNames[] = {"file",        "dir",        "dir/file", "to_file",    "to_dir",
                                  "fifo",        "file",       "dir",      "dangling",   "loop",
                                  "missing",     "dir/",       "to_dir/",  "file/",      "to_file/",
                                  "to_dir/file", "file/below", ".",        "dir/../file"};

bool Rarely() { return RandomInt(0, 24) == 0; }

}  // namespace

AttributeTree::AttributeTree() {
  mkdir(top_.c_str(), 0755);
  mkdir((*this / "dir").c_str(), 0755);
  for (const char* name : {"file", "dir/file"}) close(creat((*this / name).c_str(), 0644));
  mkfifo((*this / "fifo").c_str(), 0600);
  for (const auto& [target, name] : {std::pair{"file", "to_file"}, std::pair{"dir", "to_dir"},
                                     std::pair{"nowhere", "dangling"}, std::pair{"loop", "loop"}}) {
    EXPECT_EQ(symlink(target, (*this / name).c_str()), 0);
  }
  for (const char* name : kFiles) {
    const std::string path = *this / name;
    EXPECT_EQ(lsetxattr(path.c_str(), "trusted.one", name, strlen(name), 0), 0) << path;
  }
  EXPECT_EQ(lsetxattr((*this / "file").c_str(), "user.two", "22", 2, 0), 0);
  fd_ = open(top_.c_str(), O_RDONLY | O_DIRECTORY);
}
AttributeTree::~AttributeTree() { close(fd_); }

std::string AttributeTree::All() const {
  std::string all;
  for (const char* file : kFiles) {
    const std::string path = *this / file;
    char names[4096] = {}, value[65536];
    const ssize_t size = llistxattr(path.c_str(), names, sizeof names);
    all += std::string(file) + ":";
    for (const char* name = names; name < names + size; name += strlen(name) + 1) {
      const ssize_t bytes = lgetxattr(path.c_str(), name, value, sizeof value);
      all += std::string(" ") + name + "=" + std::string(value, bytes < 0 ? 0 : bytes);
    }
    all += "\n";
  }
  return all;
}

AttributePlace::AttributePlace() {
  static const std::string longest(5000, 'x'), long_name(300, 'y');
  name_ = RandomOf(kNames);
  absolute_ = RandomInt(0, 4) == 0;
  empty_ = RandomInt(0, 4) == 0;
  from_here_ = RandomInt(0, 4) == 0;
  opened_how_ = RandomInt(0, 3) == 0 ? O_PATH | O_NOFOLLOW : O_RDONLY | O_NONBLOCK;
  flags_ = RandomOf({0, AT_SYMLINK_NOFOLLOW});
  if (empty_ || Rarely()) flags_ |= AT_EMPTY_PATH;
  if (Rarely()) flags_ = RandomOf({1, 0x200, 0x400, 0x800, 0x8000, -1});
  bad_fd_ = Rarely() ? RandomOf({-1, 9999, -101}) : 0;
  bad_path_ = Rarely() ? RandomOf({Word{0}, BadPointer(), KernelPointer(), Address(longest.c_str()),
                                   Address(long_name.c_str())})
                       : 0;
  has_bad_path_ = bad_path_ != 0 || Rarely();
}

long AttributePlace::In(const AttributeTree& tree,
                        const std::function<long(Word, Word, Word)>& body) const {
  int dirfd = tree.fd(), opened = -1;
  std::string path = absolute_ ? tree / name_ : name_;
  if (empty_) {
    path.clear();
    opened = dirfd = openat(tree.fd(), name_, opened_how_);
    if (opened < 0) dirfd = tree.fd();
  }
  const int here = open(".", O_PATH);
  if (from_here_) {
    EXPECT_EQ(fchdir(tree.fd()), 0);
    dirfd = AT_FDCWD;
  }
  if (bad_fd_ != 0) dirfd = bad_fd_;
  AtPageEnd text(path.size() + 1);
  memcpy(text.data(), path.c_str(), path.size() + 1);
  const Word address = has_bad_path_ ? bad_path_ : Address(text.data());
  const long result = body(Dirty(dirfd), address, Dirty(flags_));
  EXPECT_EQ(fchdir(here), 0);
  close(here);
  if (opened >= 0) close(opened);
  return result;
}

std::string AttributePlace::Text() const {
  return std::string("name ") + name_ + (absolute_ ? " absolute" : "") + (empty_ ? " empty" : "") +
         (from_here_ ? " from here" : "") + " flags " + std::to_string(flags_) + " fd " +
         std::to_string(bad_fd_) + (has_bad_path_ ? " bad path" : "");
}

Word RandomAttribute() {
  static const std::string longest = "user." + std::string(250, 'n'), too_long = longest + "n";
  if (Rarely()) {
    return RandomOf({Word{0}, BadPointer(), Address(""), Address(longest.c_str()),
                     Address(too_long.c_str()), Address("nosuch.kind"), Address("user.")});
  }
  return Address(RandomInt(0, 5) != 0 ? "trusted.one" : RandomOf({"user.two", "trusted.three"}));
}

}  // namespace abishim::test
