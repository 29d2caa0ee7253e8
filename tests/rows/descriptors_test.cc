// With no free descriptor, or one, two, ...: what a translation takes for a moment is not there.
// It answers as the kernel does, or as its `loses` says, and leaves nothing behind.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/rows/by_name.h"
#include "tests/support/check_in_child.h"

namespace abishim::test {
namespace {

// In a child in which exactly so many descriptors are free. Who looks at
// the outcome wants some: the limit is lifted around that.
class Few {
 public:
  explicit Few(int free) {
    getrlimit(RLIMIT_NOFILE, &whole_);
    const int next = dup(0);
    close(next);
    limit_ = {static_cast<rlim_t>(next + 40), whole_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit_), 0);
    std::vector<int> taken;
    for (int fd; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(fd);
    for (int i = 0; i < free; ++i) close(taken[i * 7 % taken.size()]);
    descriptors_ = Lifted(OpenDescriptors);
  }
  template <class Look>
  auto Lifted(Look look) const -> decltype(look()) {
    setrlimit(RLIMIT_NOFILE, &whole_);
    const auto seen = look();
    setrlimit(RLIMIT_NOFILE, &limit_);
    return seen;
  }
  void ExpectNothingLeft(const std::string& what) const {
    EXPECT_EQ(Lifted(OpenDescriptors), descriptors_) << what;
  }

 private:
  rlimit whole_, limit_;
  int descriptors_;
};

// What `loses` allows in the place of an answer: no descriptor, said by ENOSYS, or by EMFILE by the
// call that gives one.
bool IsAllowed(const ByName& by_name, const std::string& answer) {
  if (!by_name.wants_descriptors) return false;
  return answer.starts_with(by_name.call == "openat2" ? "EMFILE" : "ENOSYS");
}

TEST(RowDescriptors, CallsWithANameAnswerOrRefuse) {
  int agreed = 0, refused = 0;
  for (int free = 0; free < 6; ++free) {
    CheckInChild([&] {
      const NameTree native, ours;
      const Few few(free);
      const auto looks = [&](const NameTree& tree) {
        return few.Lifted([&] { return tree.Looks(); });
      };
      for (const ByName& by_name : kByName) {
        for (const char* name : {"file", "dir/file", "dir", "missing", "new"}) {
          const std::string what = std::string(by_name.call) + " " + std::string(by_name.how) +
                                   " of " + name + ", free " + std::to_string(free);
          const std::string before = looks(ours);
          const std::string expected = by_name.make(true, native.fd(), name);
          const std::string answer = by_name.make(false, ours.fd(), name);
          few.ExpectNothingLeft(what);
          if (answer != expected && IsAllowed(by_name, answer)) {
            ++refused;
            // As if it had been made.
            EXPECT_EQ(looks(ours), before) << what;
            by_name.make(true, ours.fd(), name);
          } else {
            EXPECT_EQ(answer, expected) << what;
            ++agreed;
          }
          EXPECT_EQ(looks(ours), looks(native)) << what;
        }
      }
      printf("%d free: %d agree, %d refused\n", free, agreed, refused);
      EXPECT_GT(agreed, 60);
      EXPECT_TRUE(free < 5 || refused == 0) << "five must be enough";
    });
  }
}

// Those that need no descriptor natively, nor give one.
struct Other {
  const char* what;
  std::string (*make)(bool natively);
};

std::string Random(bool natively) {
  char bytes[64];
  return ErrnoName(Ask("getrandom", natively, Make(Address(bytes), sizeof(bytes), 0)));
}
std::string Limit(bool natively) {
  rlimit limit;
  const long result = Ask("prlimit64", natively, Make(0, RLIMIT_CORE, 0, Address(&limit)));
  return ErrnoName(result) + " " + std::to_string(limit.rlim_max);
}
std::string Transfer(bool natively) {
  char bytes[8] = "";
  iovec part{bytes, sizeof(bytes)};
  const int fd = 0;  // replaced by a memfd below
  const long out = Ask("pwritev2", natively, Make(fd, Address(&part), 1, 0, 0, 2));
  const long in = Ask("preadv2", natively, Make(fd, Address(&part), 1, 0, 0, 0));
  long from = 0, to = 16;
  const long copied =
      Ask("copy_file_range", natively, Make(fd, Address(&from), fd, Address(&to), 8, 0));
  return ErrnoName(out) + ErrnoName(in) + ErrnoName(copied);
}
std::string Lock(bool natively) {
  static char page[4096];
  return ErrnoName(Ask("mlock2", natively, Make(Address(page), 1, 0)));
}
std::string Sync(bool natively) { return ErrnoName(Ask("syncfs", natively, Make(0))); }
std::string Close(bool natively) {
  return ErrnoName(Ask("close_range", natively, Make(1000, ~0u, 0)));
}
std::string Scheduling(bool natively) {
  char attributes[48] = {48};
  const long get = Ask("sched_getattr", natively, Make(0, Address(attributes), 48, 0));
  return ErrnoName(get) +
         ErrnoName(Ask("sched_setattr", natively, Make(0, Address(attributes), 0)));
}
std::string Memfd(bool natively) {
  return ErrnoName(Ask("memfd_create", natively, Make(Address("x"), 0)));
}

TEST(RowDescriptors, OtherCallsWithNoneFree) {
  CheckInChild([] {
    const int file = memfd_create("file", 0);
    ASSERT_EQ(dup2(file, 0), 0);
    const Few few(0);
    const Other others[] = {
        {"prlimit64", Limit},   {"transfers", Transfer}, {"mlock2", Lock},       {"syncfs", Sync},
        {"close_range", Close}, {"sched_*", Scheduling}, {"memfd_create", Memfd}};
    for (const Other& other : others) {
      const std::string expected = other.make(true);
      EXPECT_EQ(other.make(false), expected) << other.what;
      few.ExpectNothingLeft(other.what);
    }
  });
}

struct stat Root() {
  struct stat stat = {};
  EXPECT_EQ(::stat("/", &stat), 0);
  return stat;
}
std::string Ustat(bool natively) {
  char answer[32];
  return ErrnoName(Ask("ustat", natively, Make(Root().st_dev, Address(answer))));
}
std::string Sysfs(bool natively) { return ErrnoName(Ask("sysfs", natively, Make(3))); }
std::string Limits(bool natively) {
  rlimit limit;
  return ErrnoName(Ask("prlimit64", natively, Make(getppid(), RLIMIT_CORE, 0, Address(&limit))));
}

// These read files that need a descriptor.
TEST(RowDescriptors, RefusedWithTooFew) {
  for (int free = 0; free < 3; ++free) {
    CheckInChild([&] {
      const Few few(free);
      const Other others[] = {
          {"getrandom", Random}, {"ustat", Ustat}, {"sysfs", Sysfs}, {"prlimit64", Limits}};
      for (const Other& other : others) {
        const std::string expected = other.make(true), answer = other.make(false);
        EXPECT_TRUE(answer == expected || answer == "ENOSYS")
            << other.what << " " << answer << ", natively " << expected << ", free " << free;
        EXPECT_TRUE(answer == expected || free < 2) << other.what << " with two";
        EXPECT_NE(answer + std::to_string(free), expected + "0") << other.what << " without any";
        few.ExpectNothingLeft(other.what);
      }
    });
  }
}

// A descriptor that comes with a message finds no number: the kernel drops it and says so in the
// message's flags.
TEST(RowDescriptors, ReceivedOnesFindNoPlace) {
  for (const bool natively : {true, false}) {
    CheckInChild([&] {
      int ends[2];
      ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
      const auto hand_over = [&](bool send) {
        char byte = 'x';
        iovec part{&byte, 1};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        mmsghdr message = {};
        message.msg_hdr = {nullptr, 0, &part, 1, control, sizeof(control), 0};
        cmsghdr* const header = CMSG_FIRSTHDR(&message.msg_hdr);
        *header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        const long result = Ask(send ? "sendmmsg" : "recvmmsg", natively,
                                Make(ends[send ? 0 : 1], Address(&message), 1, MSG_DONTWAIT, 0));
        return ErrnoName(result) + (send ? "" : " " + std::to_string(message.msg_hdr.msg_flags));
      };
      const Few few(0);
      EXPECT_EQ(hand_over(true), "1");
      EXPECT_EQ(hand_over(false), "1 " + std::to_string(int{MSG_CTRUNC}));
      few.ExpectNothingLeft("recvmmsg");
    });
  }
}

}  // namespace
}  // namespace abishim::test
