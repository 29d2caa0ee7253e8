// notify: a child whose filter asks a supervisor (SECCOMP_FILTER_FLAG_NEW_LISTENER), and what both
// see: answers, errnos, CONTINUE, descriptors put into the child (ADDFD, with and without the
// answer), signals while the supervisor thinks (WAIT_KILLABLE_RECV), and calls in between that an
// older host lacks. A line for each; run.sh compares them.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct Shared {
  volatile int listener, child, asked, signals;
};
static struct Shared* shared;

static long Raw(long nr, long a, long b, long c, long d) {
  const long result = syscall(nr, a, b, c, d, 0, 0);
  return result == -1 ? -errno : result;
}

// A filter that asks about these calls.
static long Install(const int* calls, int count, unsigned flags) {
  struct sock_filter code[32];
  int n = 0;
  code[n++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (int i = 0; i < count; ++i) {
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  }
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {(unsigned short)n, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return Raw(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, (long)&program, 0);
}

static void OnSignal(int signal) {
  (void)signal;
  ++shared->signals;
}

// Calls that older hosts lack, which the filter allows with all that they are made of.
static void Planned(void) {
  char room[256];
  printf("  planned %ld %ld %ld\n", Raw(SYS_statx, AT_FDCWD, (long)"/", 0, 0x7ff),
         Raw(SYS_getrandom, (long)room, 16, 0, 0), Raw(SYS_close_range, 900, 910, 0, 0));
}

static void Child(unsigned flags, int restart) {
  static const int calls[] = {SYS_getgid, SYS_getuid, SYS_getppid,
                              SYS_fchmod, SYS_fchown, SYS_sync};
  struct sigaction action = {.sa_handler = OnSignal, .sa_flags = restart ? SA_RESTART : 0};
  sigaction(SIGALRM, &action, NULL);
  const long listener = Install(calls, 6, SECCOMP_FILTER_FLAG_NEW_LISTENER | flags);
  printf("install %s\n", listener >= 0 ? "well" : strerror((int)-listener));
  printf("second listener %ld\n", Install(calls, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER));
  shared->listener = (int)listener;
  printf("both flags %ld\n",
         Install(calls, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC));
  printf("value %ld\n", Raw(SYS_getgid, 1, 2, 3, 4));
  Planned();
  printf("error %ld\n", Raw(SYS_getuid, 0, 0, 0, 0));
  printf("continue %d\n", Raw(SYS_getppid, 0, 0, 0, 0) == shared->child);
  const long fd = Raw(SYS_fchmod, -1, 0, 0, 0), exact = Raw(SYS_fchown, -1, 0, 0, 0);
  char text[8] = "";
  printf("descriptors %d %ld, flags %d %d, read %ld %s\n", fd > 2, exact, fcntl((int)fd, F_GETFD),
         fcntl(77, F_GETFD), Raw(SYS_pread64, 77, (long)text, 5, 0), text);
  Planned();
  const struct itimerval soon = {{0, 0}, {0, 50000}};
  setitimer(ITIMER_REAL, &soon, NULL);
  printf("with a signal %ld\n", Raw(SYS_sync, 0, 0, 0, 0));
  printf("signals %d, asked about that %s\n", shared->signals,
         shared->asked == 1 ? "once" : "more than once");
  fflush(stdout);
  shared->child = 0;
  printf("nobody there %ld\n", Raw(SYS_getuid, 0, 0, 0, 0));
  fflush(stdout);
  _exit(0);
}

static int Own(void) {
  char name[] = "/tmp/notify.XXXXXX";
  const int fd = mkstemp(name);
  unlink(name);
  if (write(fd, "text", 5) != 5) exit(3);
  return fd;
}

static void Answer(int listener, const struct seccomp_notif* asked, int file) {
  struct seccomp_notif_resp answer = {.id = asked->id};
  struct seccomp_notif_addfd add = {
      .id = asked->id, .srcfd = (unsigned)file, .newfd_flags = O_CLOEXEC};
  switch (asked->data.nr) {
    case SYS_getgid:
      answer.val = 4711 + (long)asked->data.args[0];
      break;
    case SYS_getuid:
      answer.error = -EXDEV;
      break;
    case SYS_getppid:
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      break;
    case SYS_fchmod:
      answer.val = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
      break;
    case SYS_fchown:
      add.flags = SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND;
      add.newfd = 77;
      add.newfd_flags = 0;
      if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) != 77)
        printf("no descriptor 77: %d\n", errno);
      return;
    default:
      ++shared->asked;
      usleep(150000);
      answer.val = 12;
  }
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0)
    printf("  the answer comes late: %d\n", errno);
  fflush(stdout);
}

static void Supervise(const char* name, unsigned flags, int restart) {
  printf("%s\n", name);
  fflush(stdout);
  memset((void*)shared, 0, sizeof(*shared));
  shared->listener = -2;
  const int parent = getpid();
  // The child's table is ours, so that its listener is, too: a supervisor's usual way is a socket.
  const pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    shared->child = parent;
    alarm(0);
    Child(flags, restart);
  }
  while (shared->listener == -2) usleep(1000);
  const int file = Own(), listener = shared->listener;
  while (listener >= 0 && shared->child != 0) {
    struct seccomp_notif asked = {0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) {
      if (errno == ENOENT || errno == EINTR) continue;  // he was interrupted meanwhile
      break;
    }
    if (shared->child == 0) break;
    if (asked.pid != (unsigned)pid || asked.flags != 0) printf("asked by somebody else\n");
    Answer(listener, &asked, file);
    if (asked.data.nr == SYS_sync)
      while (shared->child != 0 && shared->signals == 0) usleep(1000);
  }
  usleep(20000);
  close(listener);
  close(file);
  int status;
  waitpid(pid, &status, 0);
  printf("ended %x\n", status);
}

int main(void) {
  shared = mmap(0, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  setvbuf(stdout, NULL, _IOLBF, 0);
  Supervise("plain", 0, 0);
  Supervise("restarted", 0, 1);
  Supervise("not interrupted", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 0);
  return 0;
}
