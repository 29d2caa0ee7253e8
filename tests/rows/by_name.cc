#include "tests/rows/by_name.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tables/flags.h"

namespace abishim::test {
namespace {

constexpr int kNoFollow = AT_SYMLINK_NOFOLLOW;

std::string Statx(bool natively, int dirfd, const char* path, int flags) {
  struct statx out = {};
  const long result =
      Ask("statx", natively, Make(dirfd, Address(path), flags, STATX_BASIC_STATS, Address(&out)));
  return ErrnoName(result) + " " + std::to_string(out.stx_mode) + " " +
         std::to_string(out.stx_size);
}

std::string Newfstatat(bool natively, int dirfd, const char* path, int flags) {
  struct stat out = {};
  const Args args =
      Make(dirfd, Address(path), Address(&out), flags | AT_NO_AUTOMOUNT | AT_EMPTY_PATH);
  const long result =
      natively ? Native<"newfstatat">(args) : TranslatedFlag(flags::newfstatat, args, {2, 6, 32});
  return ErrnoName(result) + " " + std::to_string(out.st_mode) + " " + std::to_string(out.st_size);
}

// What was opened; without O_NOFOLLOW, which openat2's `loses` names.
std::string Openat2(bool natively, int dirfd, const char* path, Word flags, Word resolve) {
  open_how how{flags, (flags & O_CREAT) != 0 ? 0600ul : 0, resolve};
  const long fd = Ask("openat2", natively, Make(dirfd, Address(path), Address(&how), sizeof(how)));
  if (fd < 0) return ErrnoName(fd);
  struct stat stat = {};
  fstat(static_cast<int>(fd), &stat);
  const int shown = fcntl(static_cast<int>(fd), F_GETFL) & ~O_NOFOLLOW;
  close(static_cast<int>(fd));
  return "opened " + std::to_string(stat.st_mode) + " " + std::to_string(shown);
}

struct Value {  // struct xattr_args
  Word value;
  unsigned size, flags;
};

std::string Attribute(bool natively, int dirfd, const char* path, std::string_view call,
                      int flags) {
  char room[64] = "v";
  Value value{Address(room), call == "setxattrat" ? 1u : unsigned{sizeof(room)}, 0};
  const bool list = call == "listxattrat";
  const Word name = Address("user.rows");
  const Args args = list ? Make(dirfd, Address(path), flags, Address(room), sizeof(room))
                         : Make(dirfd, Address(path), flags, name, Address(&value), sizeof(value));
  const long result = Ask(call, natively, args);
  return ErrnoName(result) + " " + std::string(room, strnlen(room, sizeof(room)));
}

// Away and back.
std::string Rename(bool natively, int dirfd, const char* path) {
  const long there =
      Ask("renameat2", natively, Make(dirfd, Address(path), dirfd, Address("elsewhere"), 0));
  const long back = there != 0 ? 0
                               : Ask("renameat2", natively,
                                     Make(dirfd, Address("elsewhere"), dirfd, Address(path), 0));
  return ErrnoName(there) + " " + ErrnoName(back);
}

// No file in the tree may be executed.
std::string Execute(bool natively, int dirfd, const char* path, int flags) {
  const Word none[1] = {};
  return ErrnoName(
      Ask("execveat", natively, Make(dirfd, Address(path), Address(none), Address(none), flags)));
}

template <int mode, int flags>
std::string Access(bool natively, int dirfd, const char* path) {
  return ErrnoName(Ask("faccessat2", natively, Make(dirfd, Address(path), mode, flags)));
}
template <int flags>
std::string Change(bool natively, int dirfd, const char* path) {
  return ErrnoName(Ask("fchmodat2", natively, Make(dirfd, Address(path), 0640, flags)));
}
template <Word flags, Word resolve>
std::string Open(bool natively, int dirfd, const char* path) {
  return Openat2(natively, dirfd, path, flags, resolve);
}
template <Name call, int flags>
std::string On(bool natively, int dirfd, const char* path) {
  return Attribute(natively, dirfd, path, call.View(), flags);
}
template <auto of, int flags>
std::string With(bool natively, int dirfd, const char* path) {
  return of(natively, dirfd, path, flags);
}

std::string Attributes(const char* path) {
  char names[256], value[64], text[400] = "";
  const ssize_t length = llistxattr(path, names, sizeof(names));
  if (length <= 0) return "";
  const ssize_t bytes = lgetxattr(path, "user.rows", value, sizeof(value));
  snprintf(text, sizeof(text), " %zd names, %.*s", length, static_cast<int>(bytes), value);
  return text;
}

}  // namespace

const std::vector<ByName> kByName = {
    {"statx", "", With<Statx, 0>},
    {"statx", "NOFOLLOW", With<Statx, kNoFollow>},
    {"newfstatat", "", With<Newfstatat, 0>},
    {"newfstatat", "NOFOLLOW", With<Newfstatat, kNoFollow>},
    {"faccessat2", "", Access<W_OK, 0>},
    {"faccessat2", "EACCESS", Access<R_OK, AT_EACCESS>, true},
    {"faccessat2", "NOFOLLOW", Access<W_OK, kNoFollow>, true},
    {"fchmodat2", "", Change<0>},
    {"fchmodat2", "NOFOLLOW", Change<kNoFollow>, true},
    {"openat2", "read", Open<O_RDONLY | O_NONBLOCK, 0>},
    {"openat2", "create", Open<O_CREAT | O_RDWR | O_NONBLOCK, 0>},
    {"openat2", "O_PATH, BENEATH", Open<O_PATH, RESOLVE_BENEATH>, true},
    {"openat2", "O_PATH, IN_ROOT", Open<O_PATH | O_NOFOLLOW, RESOLVE_IN_ROOT>, true},
    {"openat2", "read, IN_ROOT", Open<O_RDONLY, RESOLVE_IN_ROOT>, true},
    {"openat2", "write, NO_MAGICLINKS", Open<O_RDWR, RESOLVE_NO_MAGICLINKS>, true},
    {"openat2", "create, BENEATH", Open<O_CREAT | O_WRONLY, RESOLVE_BENEATH>, true},
    {"openat2", "truncate, NO_XDEV", Open<O_RDWR | O_TRUNC, RESOLVE_NO_XDEV>, true},
    {"setxattrat", "", On<"setxattrat", 0>, true},
    {"setxattrat", "NOFOLLOW", On<"setxattrat", kNoFollow>, true},
    {"getxattrat", "", On<"getxattrat", 0>, true},
    {"getxattrat", "NOFOLLOW", On<"getxattrat", kNoFollow>, true},
    {"listxattrat", "", On<"listxattrat", 0>, true},
    {"removexattrat", "NOFOLLOW", On<"removexattrat", kNoFollow>, true},
    {"removexattrat", "", On<"removexattrat", 0>, true},
    {"renameat2", "", Rename},
    {"execveat", "", With<Execute, 0>},
    {"execveat", "NOFOLLOW", With<Execute, kNoFollow>},
};

long Ask(std::string_view call, bool natively, const Args& args) {
  const Row* row = FindRow(call);
  return natively ? Native(arch::NumberIn(row->nr), args) : Translated(row->when_missing, args);
}

std::string Agree(const ByName& by_name, const NameTree& native, const NameTree& ours,
                  const std::string& path, bool absolute) {
  std::string answers[2];
  const NameTree* const trees[2] = {&native, &ours};
  for (const int side : {0, 1}) {
    const std::string whole = absolute ? trees[side]->path() + "/" + path : path;
    AtPageEnd text(whole.size() + 1);
    memcpy(text.data(), whole.c_str(), whole.size() + 1);
    // Whatever is renamed or mounted on this machine just then makes the kernel say EAGAIN, or
    // begin a walk again and go on counting links.
    for (int i = 0; i < 4; ++i) {
      answers[side] = by_name.make(side == 0, trees[side]->fd(), text.data());
      if (answers[side] != "EAGAIN" && answers[side] != "ELOOP") break;
    }
  }
  EXPECT_EQ(answers[1], answers[0])
      << by_name.call << " " << by_name.how << (absolute ? ", absolute: " : ": ")
      << path.substr(0, 60) << " (" << path.size() << " bytes)";
  return answers[0];
}

NameTree::NameTree(const std::string& parent) : directory_(parent) {
  fd_ = open(path().c_str(), O_RDONLY | O_DIRECTORY);
  mkdirat(fd_, "dir", 0755);
  for (const char* name : {"file", "dir/file"}) {
    const int file = openat(fd_, name, O_CREAT | O_WRONLY, 0644);
    EXPECT_EQ(write(file, "text", 4), 4);
    close(file);
  }
}
NameTree::~NameTree() { close(fd_); }

void NameTree::OpenAnew() {
  close(fd_);
  fd_ = open(path().c_str(), O_RDONLY | O_DIRECTORY);
}

std::string NameTree::Looks() const {
  std::vector<std::string> lines;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path())) {
    const std::string name = entry.path();
    struct stat stat = {};
    lstat(name.c_str(), &stat);
    const bool sized = S_ISREG(stat.st_mode);
    lines.push_back(name.substr(path().size()) + " " + std::to_string(stat.st_mode) + " " +
                    std::to_string(sized ? stat.st_size : 0) + Attributes(name.c_str()) + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

std::map<std::string, int> AgreeOnAll(const NameTree& native, const NameTree& ours,
                                      const std::vector<std::string>& names) {
  std::map<std::string, int> answers;
  for (const ByName& by_name : kByName) {
    for (const std::string& name : names) {
      for (const bool absolute : {false, true}) {
        const std::string answer = Agree(by_name, native, ours, name, absolute);
        ++answers[answer.substr(0, answer.find(' '))];
      }
    }
    EXPECT_EQ(ours.Looks(), native.Looks()) << by_name.call << " " << by_name.how;
  }
  for (const auto& [answer, count] : answers) printf("%s %d  ", answer.c_str(), count);
  printf("\n");
  return answers;
}

}  // namespace abishim::test
