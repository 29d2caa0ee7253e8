#include <string.h>
#include <sys/resource.h>

#include "tests/translate/openat2_tree.h"

namespace abishim::test {
namespace {

// What `loses` allows.
struct Losses {
  int nofollow = 0;  // F_GETFL differs in O_NOFOLLOW
  int cached = 0;    // EAGAIN for RESOLVE_CACHED although it was cached
  int fifo = 0;      // ENOSYS for a FIFO that is opened for reading and may wait
  int xdev = 0;      // without /proc: ENOSYS for RESOLVE_NO_XDEV
  int trunc = 0;     // without /proc: ENOSYS for O_RDONLY | O_TRUNC
  int sticky = 0;    // without /proc: EACCES for what fs.protected_* may forbid
  int search = 0;    // without /proc: EACCES for a directory that may be read and not searched
};

struct Input {
  int dirfd;
  std::string path;
  open_how how;
  Args Make() const {
    return test::Make(Dirty(dirfd), Address(path.c_str()), Address(&how), sizeof(how));
  }
};
std::ostream& operator<<(std::ostream& out, const Input& input) {
  return out << "dirfd " << input.dirfd << " \"" << input.path.substr(0, 200) << "\" flags 0"
             << std::oct << input.how.flags << " mode 0" << input.how.mode << std::dec
             << " resolve 0x" << std::hex << input.how.resolve << std::dec;
}

constexpr int kTmpfile = O_TMPFILE & ~O_DIRECTORY;

// Without /proc.
int CountDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 128; ++fd) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

bool Rarely(int one_in) { return RandomInt(1, one_in) == 1; }

std::string RandomPath() {
  static const char* const names[] = {"f",
                                      "d",
                                      "d",
                                      "e",
                                      "h",
                                      "g",
                                      "..",
                                      "..",
                                      ".",
                                      "d/e",
                                      "ld",
                                      "lf",
                                      "lds",
                                      "ldf",
                                      "lfs",
                                      "labs",
                                      "lreal",
                                      "lrealf",
                                      "lup",
                                      "lout",
                                      "lgone",
                                      "ldgone",
                                      "lgones",
                                      "loop",
                                      "la",
                                      "lroot",
                                      "lm",
                                      "up",
                                      "upup",
                                      "back",
                                      "here",
                                      "t",
                                      "link",
                                      "lt",
                                      "c39",
                                      "c40",
                                      "c5",
                                      "ro",
                                      "none",
                                      "shut",
                                      "noread",
                                      "noread/f",
                                      "open",
                                      "open/new",
                                      "m",
                                      "m/f",
                                      "m/e",
                                      "md",
                                      "md/f",
                                      "mf",
                                      "p",
                                      "n",
                                      "s",
                                      "gone",
                                      "gone2",
                                      "d/new",
                                      "proc",
                                      "proc/self",
                                      "proc/self/cwd",
                                      "proc/self/exe",
                                      "proc/thread-self/root",
                                      "proc/mounts",
                                      "proc/net",
                                      "proc/self/fd/1",
                                      "proc/self/status",
                                      "proc/self/ns/mnt",
                                      "lexe",
                                      "lmounts",
                                      "t/other",
                                      "t/own",
                                      "t/link",
                                      "d/e/h/f",
                                      "d/e/back",
                                      "d/up",
                                      "d/up/d/f",
                                      "d/e/../f",
                                      "m/..",
                                      "m/../f",
                                      "d/upup/outside/secret"};
  static const char* const good[] = {"d",        "f",        "d/f",       "d/e",
                                     "./d/./e/", "d/e/../f", "d/e/h/f",   "ld",
                                     "ld/f",     "lf",       "ldf",       "lds/e",
                                     "lup",      "lup/f",    "d/here/e/", "d/up/d/f",
                                     "d/e/back", "c39",      "lt",        "open",
                                     "md/e/",    "m/f",      "d/..",      "proc/self/status",
                                     "n",        "mf",       "lds/e/..",  "d/e/h/../../g",
                                     "d//e///f", "open/new"};
  if (RandomInt(0, 99) < 74) return RandomOf(good);
  std::string path;
  if (Rarely(12)) path = RandomOf({"/", "//", "./", "../"});
  if (Rarely(25)) path = "/root/";
  for (int i = RandomOf({1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 5}); i > 0; --i) {
    path += RandomOf(names);
    if (i > 1) path += RandomOf({"/", "/", "/", "//", "/./"});
  }
  if (Rarely(12)) path += RandomOf({"/", "//", "/.", "/..", "/./"});
  if (Rarely(150)) path = std::string(RandomInt(250, 260), 'n');
  if (Rarely(150)) {
    std::string dots;
    while (dots.size() < 4080) dots += "./";
    path = dots + std::string(RandomInt(0, 14), '/') + "f";
  }
  if (Rarely(200)) path = "";
  if (Rarely(60)) {
    std::string deep;
    for (int i = RandomInt(1, 60); i > 0; --i) deep += RandomOf({"d/e/../../", "d/../", "d/up/"});
    path = deep + path;
  }
  return path;
}

open_how RandomHow() {
  open_how how{};
  how.flags = RandomOf({O_RDONLY, O_RDONLY, O_RDONLY, O_RDWR, O_WRONLY, O_PATH, O_PATH, O_PATH});
  if (how.flags & O_PATH) {
    for (int flag : {O_DIRECTORY, O_NOFOLLOW}) how.flags |= Rarely(3) ? flag : 0;
  } else {
    for (int flag : {O_NOFOLLOW, O_DIRECTORY, O_TRUNC, O_CREAT, O_NONBLOCK, O_APPEND}) {
      how.flags |= Rarely(12) ? flag : 0;
    }
    for (int flag :
         {O_EXCL, O_NOATIME, O_SYNC, O_DSYNC, O_DIRECT, O_NOCTTY, O_LARGEFILE, O_ASYNC}) {
      how.flags |= Rarely(20) ? flag : 0;
    }
    if (Rarely(30)) how.flags = O_TMPFILE | RandomOf({O_RDWR, O_WRONLY, O_RDWR | O_EXCL});
  }
  if (Rarely(2)) how.flags |= O_CLOEXEC;
  if (how.flags & (O_CREAT | kTmpfile)) how.mode = RandomOf({0600, 0644, 07777, 0});
  how.resolve = RandomOf({1, 2, 4, 8, 8, 16, 16, 16, 16});
  for (int flag : {1, 2, 4}) how.resolve |= Rarely(10) ? flag : 0;
  if (Rarely(40)) how.resolve |= 32;
  if (Rarely(60)) how.flags ^= 1ul << RandomInt(0, 40);
  if (Rarely(80)) how.mode ^= 1ul << RandomInt(0, 40);
  if (Rarely(80)) how.resolve ^= 1ul << RandomInt(0, 40);
  return how;
}

struct Seen {
  long result = 0;
  struct stat stat = {};
  int flags = 0, descriptor_flags = 0;
  off_t offset = 0;
  std::map<std::string, std::pair<mode_t, off_t>> tree = {};
};

class Compare {
 public:
  Compare(Tree& tree, bool proc) : tree_(tree), proc_(proc), before_(tree.Look()) {}
  ~Compare() {
    printf(
        "losses: O_NOFOLLOW in F_GETFL %d, cached %d, FIFO %d, xdev %d, trunc %d, sticky %d, "
        "search %d\n",
        losses_.nofollow, losses_.cached, losses_.fifo, losses_.xdev, losses_.trunc, losses_.sticky,
        losses_.search);
  }
  long Both(const Input& input) {
    const int open_before = CountDescriptors();
    Seen native = See(input, NativeOpenat2(input.Make()));
    // A walk that the kernel has to begin again, without RCU, goes on counting links.
    for (int i = 0; i < 3 && native.result == -ELOOP; ++i) {
      native = See(input, NativeOpenat2(input.Make()));
    }
    const Seen ours = See(input, Translated(translate::openat2, input.Make()));
    EXPECT_EQ(CountDescriptors(), open_before) << input;
    if (native.result != ours.result && Allowed(input, native, ours.result)) return native.result;
    EXPECT_EQ(ErrnoName(ours.result), ErrnoName(native.result)) << input;
    if (native.result < 0 || ours.result < 0) return native.result;
    const bool is_new = native.tree.size() > before_.size() || (input.how.flags & kTmpfile) != 0;
    EXPECT_EQ(ours.stat.st_dev, native.stat.st_dev) << input;
    if (!is_new) {
      EXPECT_EQ(ours.stat.st_ino, native.stat.st_ino) << input;
    }
    EXPECT_EQ(ours.stat.st_mode, native.stat.st_mode) << input;
    EXPECT_EQ(ours.stat.st_size, native.stat.st_size) << input;
    EXPECT_EQ(ours.flags & ~O_NOFOLLOW, native.flags & ~O_NOFOLLOW) << input;
    losses_.nofollow += ours.flags != native.flags;
    EXPECT_EQ(ours.descriptor_flags, native.descriptor_flags) << input;
    EXPECT_EQ(ours.offset, native.offset) << input;
    EXPECT_EQ(ours.tree, native.tree) << input;
    return native.result;
  }
  const Losses& losses() const { return losses_; }

 private:
  bool Allowed(const Input& input, const Seen& native, long ours) {
    const auto flags = input.how.flags, resolve = input.how.resolve;
    if ((resolve & RESOLVE_CACHED) && ours == -EAGAIN) return ++losses_.cached;
    if (ours == -ENOSYS && !proc_ && (resolve & RESOLVE_NO_XDEV)) return ++losses_.xdev;
    if (ours == -ENOSYS && !proc_ && (flags & O_TRUNC) && !(flags & O_ACCMODE)) {
      return ++losses_.trunc;
    }
    if (ours == -EACCES && !proc_ && input.path.find('t') != std::string::npos) {
      return ++losses_.sticky;
    }
    if (ours == -EACCES && !proc_ && S_ISDIR(native.stat.st_mode)) return ++losses_.search;
    return ours == -ENOSYS && IsFifoThatMayWait(input) && ++losses_.fifo;
  }
  static bool IsFifoThatMayWait(Input input) {
    if ((input.how.flags & (O_ACCMODE | O_NONBLOCK)) != O_RDONLY) return false;
    input.how = {O_PATH | (input.how.flags & O_NOFOLLOW), 0, input.how.resolve};
    const int fd = static_cast<int>(NativeOpenat2(input.Make()));
    struct stat stat = {};
    fstat(fd, &stat);
    close(fd);
    return S_ISFIFO(stat.st_mode);
  }
  Seen See(const Input& input, long result) {
    Seen seen;
    seen.result = result;
    if (result >= 0) {
      EXPECT_EQ(fstat(result, &seen.stat), 0);
      seen.flags = fcntl(result, F_GETFL);
      seen.descriptor_flags = fcntl(result, F_GETFD);
      seen.offset = lseek(result, 0, SEEK_CUR);
      close(result);
    }
    if (input.how.flags & (O_CREAT | O_TRUNC | kTmpfile)) {
      seen.tree = tree_.Look();
      if (seen.tree != before_) tree_.Restore(before_);
    }
    return seen;
  }
  Tree& tree_;
  const bool proc_;
  const std::map<std::string, std::pair<mode_t, off_t>> before_;
  Losses losses_;
};

class Openat2 : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "bind mounts need root";
  }
};

void RandomInputs(const char* who, int count, bool nobody, bool proc) {
  Tree tree;
  InOwnMountNamespace([&] {
    tree.Enter(proc);
    const int fifo = open("p", O_RDWR);  // nobody waits for long
    const int root = open(".", O_RDONLY | O_DIRECTORY), path = open(".", O_PATH);
    const int file = open("f", O_RDONLY), inner = open("d/e", O_PATH);
    const int mounted = open("m", O_RDONLY);
    const int spare = dup(0), hole = dup(0);
    const int last = dup(0);
    for (int fd : {0, hole}) close(fd);  // free numbers below and between those in use
    if (nobody) ThreadBecomesNobody();
    Shares shares(who);
    {
      Compare compare(tree, proc);
      for (int i = 0; i < count; ++i) {
        Input input{RandomOf({root, path, AT_FDCWD}), RandomPath(), RandomHow()};
        if (Rarely(15)) input.dirfd = RandomOf({inner, mounted, file, -1, 999});
        shares.Count(compare.Both(input));
        if (testing::Test::HasFailure()) break;
      }
    }
    dup2(spare, 0);
    for (int fd : {fifo, root, path, file, inner, mounted, spare, last}) close(fd);
  });
}

TEST_F(Openat2, Agrees) { RandomInputs("openat2 as root", 5000, false, true); }
TEST_F(Openat2, AgreesAsNobody) { RandomInputs("openat2 as nobody", 3000, true, true); }
TEST_F(Openat2, AgreesWithoutProc) { RandomInputs("openat2 without /proc", 3000, false, false); }

}  // namespace
}  // namespace abishim::test
