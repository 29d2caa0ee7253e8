// faccessat2(2), Linux 5.8, by faccessat(2), Linux 2.6.16, from a child where the ids must differ.
#include "tables/kernel.h"
#include "tables/translate/child.h"
#include "tables/translate/credentials.h"
#include "tables/translate/proc_fd.h"

namespace abishim::translate {
namespace {

struct Question {
  int dirfd;
  Word path;
  int mode;
  bool itself;  // the descriptor's own file, or the working directory
  bool follow;  // a symbolic link at the end of the path
};

long AskNamed(const Kernel& kernel, int fd, int mode) {
  FdName name;
  if (const long error = NameDescriptor(kernel, fd, &name)) return error;
  return kernel.Call<"faccessat">(AT_FDCWD, name.text, mode);
}

// Asks as the one whom faccessat asks for: the real and the effective are one here.
long Ask(const Kernel& kernel, const Question& q) {
  if (q.itself) return AskNamed(kernel, q.dirfd, q.mode);
  if (q.follow) return kernel.Call<"faccessat">(q.dirfd, q.path, q.mode);
  const long fd = OpenPath(kernel, q.dirfd, q.path, O_NOFOLLOW);
  if (IsError(fd)) return fd;
  const long result = AskNamed(kernel, static_cast<int>(fd), q.mode);
  kernel.Call<"close">(fd);
  return result;
}

long AskAs(const Kernel& kernel, Credentials& credentials, const Asker& asker,
           const Question& question) {
  return AskChild(
      kernel, [&] { return credentials.Become(kernel, asker) ? Ask(kernel, question) : -ENOSYS; });
}

}  // namespace

Result faccessat2(Kernel& kernel, const Args& args) {
  const int mode = args.Int(2), flags = args.Int(3);
  if (mode & ~7) return -EINVAL;
  if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
  const Question question{.dirfd = args.Int(0),
                          .path = args[1],
                          .mode = mode,
                          .itself = (flags & AT_EMPTY_PATH) && IsEmptyString(kernel, args[1]),
                          .follow = !(flags & AT_SYMLINK_NOFOLLOW)};
  if (!question.itself && question.follow && !(flags & AT_EACCESS)) return Ask(kernel, question);

  Credentials credentials;
  if (!credentials.Read(kernel)) return -ENOSYS;
  const Asker effective = credentials.Effective(), real = credentials.Real();
  if (effective == real) return Ask(kernel, question);
  return AskAs(kernel, credentials, flags & AT_EACCESS ? effective : real, question);
}

}  // namespace abishim::translate
