// While another thread moves directories out of the root and back and swaps names for links, no
// call may ever lead out. ABISHIM_FUZZ_SECONDS=N for a long run.
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <set>

#include "tests/translate/openat2_tree.h"

namespace abishim::test {
namespace {

class Renamer {
 public:
  Renamer() {
    for (const char* directory : {"r", "r/a", "r/a/b", "r/a/b/c", "r/x", "r/x/y", "o", "o/z"}) {
      mkdir((top_ / directory).c_str(), 0755);
    }
    for (const char* file : {"r/f", "r/a/f", "r/a/b/f", "r/a/b/c/f", "r/x/f", "r/x/y/f"}) {
      std::ofstream(top_ / file) << "in";
    }
    // Never in any directory that is ever inside.
    for (const char* file : {"f", "secret", "o/f", "o/secret", "o/z/secret"}) {
      std::ofstream(top_ / file) << "OUT";
    }
    EXPECT_EQ(symlink((top_ / "o").c_str(), (top_ / "r/link").c_str()), 0);
    EXPECT_EQ(symlink("../../o", (top_ / "r/x/link").c_str()), 0);
    EXPECT_EQ(symlink("../../f", (top_ / "r/x/flink").c_str()), 0);
    EXPECT_EQ(symlink("a/b/../../../secret", (top_ / "r/up").c_str()), 0);
  }
  void Run() {
    while (!stop_) {
      Move("r/a/b", "o/b");
      Move("o/b", "r/a/b");
      Exchange("r/a/b", "r/x/y");
      Move("r/a/b/c", "o/c");
      Move("o/c", "r/a/b/c");
      Exchange("r/a/b", "r/link");
      Exchange("r/a/b", "r/link");
      Exchange("r/a/f", "r/x/flink");
      Exchange("r/a/f", "r/x/flink");
      Move("r/a", "o/a");
      Move("o/a", "r/a");
      Exchange("r/x", "r/a/b");
      Exchange("r/x", "r/a/b");
      Exchange("r/a/b", "r/x/y");
      ++rounds_;
    }
  }
  void Stop() { stop_ = true; }
  long rounds() const { return rounds_; }
  std::string operator/(const std::string& path) const { return top_ / path; }

 private:
  void Move(const char* from, const char* to) {
    rename((top_ / from).c_str(), (top_ / to).c_str());
  }
  void Exchange(const char* one, const char* other) {
    renameat2(AT_FDCWD, (top_ / one).c_str(), AT_FDCWD, (top_ / other).c_str(), RENAME_EXCHANGE);
  }
  TempDir top_;
  std::atomic<bool> stop_ = false;
  std::atomic<long> rounds_ = 0;
};

// Every errno that a path gives which changes under its feet.
const std::set<long> kAllowed = {-EAGAIN, -ENOENT, -EXDEV, -ELOOP, -ENOTDIR, -EISDIR, -EEXIST};

struct Counts {
  std::map<std::string, long> results;
  long escapes = 0, wrong = 0;
};

void Judge(long fd, const open_how& how, Counts* counts) {
  counts->results[fd >= 0 ? "ok" : ErrnoName(fd)]++;
  if (fd < 0) {
    counts->wrong += !kAllowed.contains(fd);
    return;
  }
  struct stat stat;
  fstat(fd, &stat);
  char text[4] = {};
  if (S_ISREG(stat.st_mode) && (how.flags & O_ACCMODE) == O_RDONLY && !(how.flags & O_PATH)) {
    counts->escapes += pread(fd, text, 3, 0) == 3 && std::string(text) == "OUT";
  }
  if (S_ISREG(stat.st_mode)) counts->escapes += stat.st_size == 3;  // O_PATH, or the secret itself
  close(fd);
}

TEST(Openat2Renames, NeverLeadOut) {
  const char* const paths[] = {"a/b/f",
                               "a/b/../f",
                               "a/b/../../f",
                               "a/b/c/../../../f",
                               "a/b/c/../../secret",
                               "a/b/c/../secret",
                               "a/b/../secret",
                               "a/b/../../secret",
                               "a/b/c/../../../secret",
                               "a/b/c/f",
                               "a/f",
                               "x/link/secret",
                               "a/b/secret",
                               "x/flink",
                               "x/y/../../f",
                               "up",
                               "a/b/c/../../../../secret",
                               "link/secret",
                               "x/y/c/../../../f",
                               "a/b/c/../../../../../f",
                               "a/b/../b/../b/c/../../../x/f",
                               "../f"};
  Renamer renamer;
  const int root = open((renamer / "r").c_str(), O_PATH);
  const char* text = getenv("ABISHIM_FUZZ_SECONDS");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(text ? atoi(text) : 3);
  std::thread thread([&] { renamer.Run(); });
  Counts native, ours;
  long calls = 0;
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 100; ++i, ++calls) {
      const char* path = RandomOf(paths);
      open_how how{};
      how.flags = RandomOf({O_RDONLY, O_RDONLY, O_RDONLY, O_PATH, O_RDWR, O_RDONLY | O_NOFOLLOW});
      how.resolve = RandomOf({RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_IN_ROOT});
      const Args args = Make(root, Address(path), Address(&how), sizeof(how));
      Judge(Native<"openat2">(args), how, &native);
      Judge(Translated(translate::openat2, args), how, &ours);
    }
  }
  renamer.Stop();
  thread.join();
  close(root);
  for (const auto& [who, counts] : {std::pair("native", &native), {"translated", &ours}}) {
    printf("%s, %ld calls against %ld rounds of renames:", who, calls, renamer.rounds());
    for (const auto& [what, count] : counts->results) {
      printf(" %s %.1f%%", what.c_str(), 100.0 * count / calls);
    }
    printf(", %ld escapes\n", counts->escapes);
    EXPECT_EQ(counts->escapes, 0) << who;
    EXPECT_EQ(counts->wrong, 0) << who;
  }
  EXPECT_GT(renamer.rounds(), 10);
  EXPECT_GT(ours.results["ok"] * 10, calls) << "nothing is proved by calls that all fail";
}

}  // namespace
}  // namespace abishim::test
