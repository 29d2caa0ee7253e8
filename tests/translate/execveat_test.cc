#include <sys/socket.h>

#include "tests/translate/execveat_programs.h"

namespace abishim::test {
namespace {

constexpr int kExecveCheck = 0x10000;  // AT_EXECVE_CHECK

struct Input {
  int fd = -1;
  std::string path;
  const char* folder = "/";  // to be in
  Word argv = Address(g_argv), envp = Address(g_envp);
  int flags = 0;
  bool bad_arguments = false, close_on_exec = false;
  std::string what;
};

bool Rarely() { return RandomInt(0, 24) == 0; }

int OpenSome(const Programs& programs, const char* name, Input* in) {
  const int kind = RandomInt(0, 11);
  const int cloexec = in->close_on_exec ? O_CLOEXEC : 0;
  if (kind > 1) {
    const int how = kind > 10  ? O_RDWR
                    : kind > 8 ? O_PATH | O_NOFOLLOW
                    : kind > 5 ? O_PATH
                               : O_RDONLY | O_NONBLOCK;
    in->what += " opened " + std::to_string(how);
    return open((programs / name).c_str(), how | cloexec);
  }
  if (kind == 1) {
    in->what += " in memory";
    const int fd = memfd_create("memory", in->close_on_exec ? MFD_CLOEXEC : 0);
    const std::string bytes = Contents(programs / RandomOf({"echo", "script", "cat", "text"}));
    EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    return fd;
  }
  if (RandomInt(0, 1) == 0) return socket(AF_UNIX, SOCK_STREAM | (cloexec ? SOCK_CLOEXEC : 0), 0);
  return open("/dev/null", O_RDWR | cloexec);
}

Input RandomInput(const Programs& programs) {
  Input in;
  const char* name = RandomInt(0, 9) < 7 ? RandomOf(kGoodNames) : RandomOf(kOtherNames);
  in.what = name;
  in.close_on_exec = RandomInt(0, 2) == 0;
  in.flags = RandomOf({0, 0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH});
  const int kind = RandomInt(0, 9);
  if (kind < 4) {
    in.fd = OpenSome(programs, name, &in);
    in.flags |= Rarely() ? 0 : AT_EMPTY_PATH;
  } else {
    in.path = Rarely() ? programs / name : name;
    if (kind < 8) {
      in.fd = programs.Open((in.close_on_exec ? O_CLOEXEC : 0) | RandomOf({O_RDONLY, O_PATH}));
    } else {
      in.fd = AT_FDCWD;
      in.folder = programs.path().c_str();
    }
  }
  if (Rarely()) in.flags = RandomOf({1, 0x200, 0x400, 0x800, 0x8000, -1});
  if (Rarely()) in.envp = RandomOf({Word{0}, BadPointer(), KernelPointer()});
  if (Rarely()) {
    static const Word vector[] = {Address("zeroth"), BadPointer(), 0};
    in.argv = RandomOf({Word{0}, BadPointer(), KernelPointer(), Address(vector)});
  }
  in.bad_arguments = in.argv != Address(g_argv) || in.envp != Address(g_envp);
  in.what += " fd " + std::to_string(in.fd) + " flags " + std::to_string(in.flags) +
             (in.close_on_exec ? " close-on-exec" : "");
  return in;
}

// Two errors at once, where ours may be the other one: a script by a close-on-exec descriptor, and
// bad arguments or a file open for writing.
bool IsOtherOfTwo(const Input& in, const Outcome& native, const Outcome& ours) {
  return in.close_on_exec && (ours.result == -ENOENT || ours.result == -ENOEXEC) &&
         ours.left_behind == 0 &&
         ((native.result == -EFAULT && in.bad_arguments) || native.result == -ETXTBSY);
}

TEST(Execveat, AgreesWithTheKernel) {
  const Programs programs;
  Shares shares("execveat");
  const std::string longest(5000, 'x'), long_name(300, 'y');
  int others = 0, scripts = 0;
  for (int i = 0; i < 1500; ++i) {
    const Input in = RandomInput(programs);
    AtPageEnd text(in.path.size() + 1);
    memcpy(text.data(), in.path.c_str(), in.path.size() + 1);
    const int fd = Rarely() ? RandomOf({-1, 9999, -101}) : in.fd;
    const Word path = Rarely() ? RandomOf({Word{0}, BadPointer(), KernelPointer(),
                                           Address(longest.c_str()), Address(long_name.c_str())})
                               : Address(text.data());
    const auto run = [&](Call call) {
      return Execute([&] {
        EXPECT_EQ(chdir(in.folder), 0);
        return call(Make(Dirty(fd), path, in.argv, in.envp, Dirty(in.flags)));
      });
    };
    const Outcome native = run(Kernels), ours = run(Ours);
    shares.Count(native.result == LONG_MIN ? 0 : native.result);
    scripts += in.close_on_exec && native.result == -ENOENT;
    if (IsOtherOfTwo(in, native, ours)) {
      ++others;
    } else {
      EXPECT_EQ(ours, native) << in.what << " path " << std::hex << path;
    }
    if (in.fd >= 0) close(in.fd);
  }
  printf("ENOENT by a close-on-exec descriptor: %d; the other of two errors: %d\n", scripts,
         others);
  EXPECT_GT(scripts, 50);
  EXPECT_LT(others, 50);
}

TEST(Execveat, EveryNameByEveryDescriptor) {
  const Programs programs;
  int executed = 0, failed = 0;
  const auto compare = [&](const Args& args, const std::string& what) {
    const bool ran = Compare(args, what).result == LONG_MIN;
    ++(ran ? executed : failed);
  };
  for (const int cloexec : {0, O_CLOEXEC}) {
    const int dir = programs.Open(O_RDONLY | cloexec);
    const auto each = [&](const char* name) {
      for (const int flags : {0, AT_SYMLINK_NOFOLLOW}) {
        compare(Arguments(dir, name, flags), std::string(name) + std::to_string(flags));
      }
      for (const int how : {O_PATH, O_PATH | O_NOFOLLOW, O_RDONLY | O_NONBLOCK}) {
        const int fd = openat(dir, name, how | cloexec);
        if (fd < 0) continue;
        compare(Arguments(fd, "", AT_EMPTY_PATH), std::string(name) + std::to_string(how));
        close(fd);
      }
    };
    for (const char* name : kGoodNames) each(name);
    for (const char* name : kOtherNames) each(name);
    close(dir);
  }
  printf("%d executed, %d failed natively\n", executed, failed);
  EXPECT_GT(executed, 50);
}

TEST(Execveat, EveryFlagAndTheOrderOfErrors) {
  const Programs programs;
  const std::string echo = programs / "echo", longest(5000, 'x');
  for (int bit = 0; bit < 32; ++bit) {
    const int flag = static_cast<int>(1u << bit);
    if (flag == kExecveCheck) continue;
    const Outcome native = Compare(Arguments(AT_FDCWD, echo.c_str(), flag), std::to_string(flag));
    const bool known = flag == AT_EMPTY_PATH || flag == AT_SYMLINK_NOFOLLOW;
    EXPECT_EQ(native.result, known ? LONG_MIN : -EINVAL) << flag;
  }
  // Newer than 3.19: the translation answers as the kernels that did not know it.
  EXPECT_EQ(Execute(Kernels, Arguments(AT_FDCWD, echo.c_str(), kExecveCheck)).result, 0);
  EXPECT_EQ(Execute(Ours, Arguments(AT_FDCWD, echo.c_str(), kExecveCheck)).result, -EINVAL);

  const std::pair<const char*, int> paths[] = {
      {nullptr, -EFAULT}, {longest.c_str(), -ENAMETOOLONG}, {"", -ENOENT}, {"missing", -EINVAL}};
  for (const auto& [path, error] : paths) {
    EXPECT_EQ(Compare(Arguments(-1, path, 1), "").result, error) << error;
  }
  Args args = Arguments(-1, "missing");
  args.word[2] = BadPointer();
  EXPECT_EQ(Compare(args, "").result, -EBADF);
  EXPECT_EQ(Compare(Arguments(AT_FDCWD, "", AT_EMPTY_PATH), "").result, -EACCES);
}

TEST(Execveat, LongPaths) {
  const Programs programs;
  const int dir = programs.Open(O_RDONLY);
  const std::string prefix = "/dev/fd/" + std::to_string(dir) + "/";
  for (size_t size = 4070; size < 4100; ++size) {
    std::string path(size - 4, '/');
    path[0] = '.';
    for (const char* end : {"echo", "none"}) {
      const std::string whole = path + end;
      const Args args = Arguments(dir, whole.c_str());
      const Outcome native = Execute(Kernels, args);
      const Outcome ours = Execute(Ours, args);
      const bool fits = prefix.size() + size < 4096 || size >= 4096 || end[0] == 'n';
      EXPECT_EQ(native.result, size >= 4096 ? -ENAMETOOLONG : end[0] == 'n' ? -ENOENT : LONG_MIN);
      if (fits) {
        EXPECT_EQ(ours, native) << size;
      } else {
        EXPECT_EQ(ours.result, -ENAMETOOLONG) << size;  // lost
      }
    }
  }
  close(dir);
}

// The name in the kernel's command line is lost: since 6.14 it is the file's.
TEST(Execveat, CommandName) {
  const int fd = open("/bin/cat", O_RDONLY);
  const char* argv[] = {"cat", "/proc/self/comm", nullptr};
  for (const Call call : {Kernels, Ours}) {
    const Args args = Make(fd, Address(""), Address(argv), 0, AT_EMPTY_PATH);
    const Outcome outcome = Execute(call, args);
    EXPECT_EQ(outcome.output, (call == Ours ? std::to_string(fd) : "cat") + "\n");
  }
  const int bin = open("/bin", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(Compare(Make(bin, Address("cat"), Address(argv), 0, 0), "").output, "cat\n");
  close(bin);
  close(fd);
}

}  // namespace
}  // namespace abishim::test
