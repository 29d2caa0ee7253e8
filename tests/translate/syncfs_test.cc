#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

// Writing everything of this machine out a thousand times would prove nothing more and take
// minutes: the translation's way is looked at each time and gone a few times.
long Answer(const Args& args, bool really) {
  if (really) return Translated(translate::syncfs, args);
  const Result result = Translate(translate::syncfs, args);
  if (!result.again) return result.value;
  EXPECT_EQ(result.value, NumberOf("sync"));
  return 0;
}

TEST(Syncfs, AgreesWithTheKernel) {
  TempDir directory("/dev/shm");
  int ends[2], sockets[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  const int file = open((directory / "file").c_str(), O_CREAT | O_RDWR, 0600);
  const int reader = open((directory / "file").c_str(), O_RDONLY);
  const int folder = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY);
  const int path = open(directory.path().c_str(), O_PATH);
  const int proc = open("/proc/self/status", O_RDONLY);
  const int closed = dup(file);
  close(closed);
  Shares shares("syncfs");
  for (int i = 0; i < 1000; ++i) {
    const int fd = RandomOf({file, reader, folder, proc, ends[0], ends[1], sockets[0], path, closed,
                             -1, AT_FDCWD, 1 << 30});
    const Args args = Make(Dirty(fd));
    const long expected = Native<"syncfs">(args);
    shares.Count(expected);
    EXPECT_EQ(Answer(args, i < 12), expected) << "fd " << fd;
  }
  for (int fd : {ends[0], ends[1], sockets[0], sockets[1], file, reader, folder, path, proc}) {
    close(fd);
  }
}

// Descriptor 0 is one like any other.
TEST(Syncfs, DescriptorZero) {
  const int saved = dup(0);
  close(0);
  EXPECT_EQ(Answer(Make(0), false), Native<"syncfs">(Make(0)));
  if (saved >= 0) {
    dup2(saved, 0);
    close(saved);
    EXPECT_EQ(Answer(Make(0), false), Native<"syncfs">(Make(0)));
  }
}

}  // namespace
}  // namespace abishim::test
