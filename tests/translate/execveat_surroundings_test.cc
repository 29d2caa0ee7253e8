#include <errno.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/support/check_in_child.h"
#include "tests/translate/execveat_programs.h"

namespace abishim::test {
namespace {

// A script's name must still be right when the thread has become the leader. It is another name.
void ExecuteScript(const Programs& programs, int output, bool itself) {
  const int fd = itself ? open((programs / "script").c_str(), O_PATH) : programs.Open(O_PATH);
  dup2(output, 1);
  const char* none = nullptr;
  Ours(Make(fd, Address(itself ? "" : "script"), Address(g_argv), Address(&none),
            itself ? AT_EMPTY_PATH : 0));
  ADD_FAILURE() << "not executed";
}
TEST(Execveat, WithoutLeaderOrWithOwnFileTable) {
  const Programs programs;
  for (const bool leaderless : {true, false}) {
    for (const bool itself : {true, false}) {
      const int output = memfd_create("output", MFD_CLOEXEC);
      const auto body = [&] { ExecuteScript(programs, output, itself); };
      leaderless ? WithoutLeader(body) : WithOwnFileTable(body);
      char text[200] = "";
      EXPECT_GT(pread(output, text, sizeof(text) - 1, 0), 0);
      const std::string said = text;
      EXPECT_TRUE(said.starts_with("/proc/thread-self/fd/")) << said;
      EXPECT_TRUE(said.ends_with(" first one second #!/bin/sh\n")) << said;
      close(output);
    }
  }
}

void Privately(const std::function<void()>& body) {
  CheckInChild([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    body();
  });
}

TEST(Execveat, WithoutDevFdOrProc) {
  const Programs programs;
  const int script = open((programs / "script").c_str(), O_RDONLY), dir = programs.Open(O_PATH);
  const Args itself = Arguments(script, "", AT_EMPTY_PATH), relative = Arguments(dir, "echo");
  Privately([&] {
    ASSERT_EQ(mount("none", "/dev", "tmpfs", 0, nullptr), 0);
    const std::string name = "/proc/self/fd/" + std::to_string(script);
    EXPECT_NE(Execute(Ours, itself).output.find("\n" + name + " first one second #!/bin/sh\n"),
              std::string::npos);
    EXPECT_NE(Execute(Ours, relative).output.find("\nfirst one second\n"), std::string::npos);
    // No other file is taken for it.
    ASSERT_EQ(mkdir("/dev/fd", 0755) + mkdir(("/dev/fd/" + std::to_string(dir)).c_str(), 0755), 0);
    EXPECT_NE(Execute(Ours, relative).output.find("\nfirst one second\n"), std::string::npos);
  });
  Privately([&] {
    ASSERT_EQ(mount("none", "/proc", "tmpfs", 0, nullptr), 0);
    EXPECT_EQ(Ours(itself), -ENOSYS);
    EXPECT_EQ(Ours(relative), -ENOSYS);
    const std::string echo = programs / "echo", link = programs / "to_echo";
    EXPECT_EQ(Ours(Arguments(AT_FDCWD, link.c_str(), AT_SYMLINK_NOFOLLOW)), -ELOOP);
    const char* none = nullptr;
    Ours(Make(AT_FDCWD, Address(echo.c_str()), Address(&none), 0, AT_SYMLINK_NOFOLLOW));
    ADD_FAILURE() << "not executed";
  });
  close(dir);
  close(script);
}

TEST(Execveat, ForeignFilesAndNoexecMounts) {
  const Programs programs("/var/tmp");
  for (const char* name : {"env", "cat", "dir/echo"}) chmod((programs / name).c_str(), 0711);
  Privately([&] {
    const auto compare = [&](bool unreadable) {
      for (const int cloexec : {0, O_CLOEXEC}) {
        const int dir = programs.Open(O_PATH | cloexec);
        for (const char* name :
             {"echo", "env", "script", "cat", "dir/echo", "group_only", "plain"}) {
          if (unreadable && cloexec != 0 && name == std::string("cat")) continue;
          Compare(Arguments(dir, name), name);
          const int fd = openat(dir, name, O_PATH | cloexec);
          Compare(Arguments(fd, "", AT_EMPTY_PATH), name);
          close(fd);
        }
        close(dir);
      }
    };
    CheckInChild([&] {
      ASSERT_EQ(setresgid(65534, 65534, 65534) + setresuid(65534, 65534, 65534), 0);
      compare(true);
      const int env = open((programs / "env").c_str(), O_PATH | O_CLOEXEC);
      EXPECT_EQ(Compare(Arguments(env, "", AT_EMPTY_PATH), "unreadable").result, LONG_MIN);
      // Lost: a script that may not be read. The interpreter is started, and cannot read it either.
      const int fd = open((programs / "cat").c_str(), O_PATH | O_CLOEXEC);
      EXPECT_EQ(Execute(Kernels, Arguments(fd, "", AT_EMPTY_PATH)).result, -ENOENT);
      const Outcome ours = Execute(Ours, Arguments(fd, "", AT_EMPTY_PATH));
      EXPECT_EQ(ours.status, 1 << 8);
      EXPECT_NE(ours.output.find("No such file"), std::string::npos) << ours;
    });
    const char* path = programs.path().c_str();
    ASSERT_EQ(mount(path, path, nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_NOEXEC, nullptr), 0);
    compare(false);
  });
}

// Neither locks nor a child's end nor a descriptor tell of the look into a script.
TEST(Execveat, AFailureLeavesNothingBehind) {
  const Programs programs;
  const std::string script = programs / "script";
  CheckInChild([&] {
    const int locked = OpenLocked(script.c_str()), fd = open(script.c_str(), O_PATH | O_CLOEXEC);
    const int dir = programs.Open(O_RDONLY | O_CLOEXEC), before = OpenDescriptors();
    EXPECT_EQ(Ours(Arguments(fd, "", AT_EMPTY_PATH)), -ENOENT);
    EXPECT_EQ(Ours(Arguments(dir, "script")), -ENOENT);
    EXPECT_EQ(Ours(Arguments(dir, "to_script", AT_SYMLINK_NOFOLLOW)), -ELOOP);
    EXPECT_EQ(Ours(Arguments(dir, "plain")), -EACCES);
    EXPECT_EQ(Ours(Arguments(dir, "text")), -ENOEXEC);
    EXPECT_EQ(OpenDescriptors(), before);
    EXPECT_TRUE(IsLocked(script.c_str()));
    EXPECT_EQ(waitpid(-1, nullptr, __WALL), -1);
    EXPECT_EQ(errno, ECHILD);
    close(locked);
    const rlimit none{0, 0};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_EQ(Ours(Arguments(dir, "script")), -ENOSYS);
  });
}

}  // namespace
}  // namespace abishim::test
