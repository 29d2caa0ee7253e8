// A tree with everything that a path may meet, for the tests of openat2.
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include "tests/support/oracle.h"

namespace abishim::test {

// In a thread, since a namespace, a root and user ids (by the bare system call) are a thread's own.
// It also is not the first thread: whoever asks /proc for the wrong one is found out.
template <class Body>
void InOwnMountNamespace(Body body) {
  std::thread([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    body();
  }).join();
}

inline void ThreadBecomesNobody() {
  ASSERT_EQ(syscall(SYS_setgroups, 0, nullptr), 0);
  ASSERT_EQ(syscall(SYS_setresgid, 65534, 65534, 65534), 0);
  ASSERT_EQ(syscall(SYS_setresuid, 65534, 65534, 65534), 0);
}

class Tree {
 public:
  Tree() {
    chmod(top_.path().c_str(), 0755);
    for (const char* directory : {"root", "root/d", "root/d/e", "root/d/e/h", "root/m", "root/md",
                                  "root/shut", "root/shut/d", "root/noread", "root/t", "root/proc",
                                  "outside", "outside/mnt", "outside/mnt/e", "root/open", "proc"}) {
      std::filesystem::create_directory(top_ / directory);
    }
    for (const char* file :
         {"root/f", "root/ro", "root/none", "root/d/f", "root/d/g", "root/d/e/f", "root/d/e/h/f",
          "root/mf", "root/shut/f", "root/noread/f", "root/t/own", "root/t/other", "outside/secret",
          "outside/mnt/f", "outside/mnt/e/f"}) {
      Write(file);
    }
    Links();
    EXPECT_EQ(mkfifo((top_ / "root/p").c_str(), 0666), 0);
    EXPECT_EQ(mknod((top_ / "root/n").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
    const int bound = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{AF_UNIX, {}};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", (top_ / "root/s").c_str());
    EXPECT_EQ(bind(bound, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    close(bound);
    for (const auto& [path, mode] : std::map<const char*, int>{{"root/ro", 0444},
                                                               {"root/none", 0},
                                                               {"root/shut", 0600},
                                                               {"root/noread", 0711},
                                                               {"root/open", 0777},
                                                               {"root/t", 01777}}) {
      EXPECT_EQ(chmod((top_ / path).c_str(), mode), 0);
    }
    for (const char* path : {"root/t/other", "root/t/link", "root/open"}) {
      EXPECT_EQ(lchown((top_ / path).c_str(), 65534, 65534), 0);
    }
  }
  // Bind mounts in the caller's own namespace; md lies on its own file system, like m. Then the top
  // becomes the thread's root, so that no path leads to the machine's own files.
  void Enter(bool with_proc) {
    Bind("outside/mnt", "root/m");
    Bind("root/d", "root/md");
    Bind("outside/secret", "root/mf");
    ASSERT_EQ(mount("/proc", (top_ / "root/proc").c_str(), nullptr, MS_BIND, nullptr), 0);
    if (with_proc) {
      ASSERT_EQ(mount("/proc", (top_ / "proc").c_str(), nullptr, MS_BIND, nullptr), 0);
    }
    ASSERT_EQ(chroot(top_.path().c_str()), 0);
    ASSERT_EQ(chdir("/root"), 0);
    seen_from_ = "/";
  }

  // What a call may have changed: names, sizes, modes.
  std::map<std::string, std::pair<mode_t, off_t>> Look() const {
    std::map<std::string, std::pair<mode_t, off_t>> seen;
    for (auto i = std::filesystem::recursive_directory_iterator(
             seen_from_, std::filesystem::directory_options::skip_permission_denied);
         i != std::filesystem::recursive_directory_iterator(); ++i) {
      if (i->path().filename() == "proc") {
        i.disable_recursion_pending();
        continue;
      }
      struct stat stat;
      if (lstat(i->path().c_str(), &stat) == 0) {
        seen[i->path()] = {stat.st_mode, S_ISREG(stat.st_mode) ? stat.st_size : 0};
      }
    }
    return seen;
  }
  void Restore(const std::map<std::string, std::pair<mode_t, off_t>>& as_it_was) const {
    for (const auto& [path, what] : Look()) {
      const auto old = as_it_was.find(path);
      if (old == as_it_was.end()) {
        unlink(path.c_str());
      } else if (old->second != what) {
        std::ofstream(path) << std::string(old->second.second, 'x');
      }
    }
  }

 private:
  void Write(const std::string& path) { std::ofstream(top_ / path) << path; }
  void Bind(const char* from, const char* to) {
    ASSERT_EQ(mount((top_ / from).c_str(), (top_ / to).c_str(), nullptr, MS_BIND, nullptr), 0);
  }
  void Link(const std::string& text, const std::string& path) {
    EXPECT_EQ(symlink(text.c_str(), (top_ / ("root/" + path)).c_str()), 0) << path;
  }
  void Links() {
    for (const auto& [path, text] :
         std::map<std::string, std::string>{{"lf", "f"},
                                            {"ld", "d"},
                                            {"lds", "d//"},
                                            {"ldf", "d/f"},
                                            {"lfs", "f/"},
                                            {"labs", "/d/f"},
                                            {"lreal", "/root"},
                                            {"lrealf", "/root/d/f"},
                                            {"lup", "d/.."},
                                            {"lout", "../outside/secret"},
                                            {"lgone", "gone"},
                                            {"ldgone", "d/gone"},
                                            {"lgones", "gone2/"},
                                            {"loop", "loop"},
                                            {"la", "lb"},
                                            {"lb", "la"},
                                            {"lroot", "/"},
                                            {"lm", "m/f"},
                                            {"d/up", ".."},
                                            {"d/upup", "../.."},
                                            {"d/e/back", "../../lf"},
                                            {"d/here", "."},
                                            {"t/link", "../f"},
                                            {"lt", "t/link"},
                                            {"lexe", "proc/self/exe"},
                                            {"lmounts", "proc/mounts"}}) {
      Link(text, path);
    }
    for (int i = 0; i < 45; ++i)
      Link(i == 0 ? "f" : "c" + std::to_string(i - 1), "c" + std::to_string(i));
  }

  TempDir top_;
  std::string seen_from_ = top_.path();
};

// The kernel says EAGAIN for any rename on the machine: then again.
inline long NativeOpenat2(const Args& args) {
  long result = -EAGAIN;
  for (int i = 0; i < 200 && result == -EAGAIN; ++i) result = Native<"openat2">(args);
  return result;
}

}  // namespace abishim::test
