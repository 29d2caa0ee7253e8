// What the programs here share: targets to execute, and what they must print.
//
// argv[1] is the folder of the targets; target.c is there once for each way to link.
#pragma once

#include <spawn.h>

#include "../abi/planned.h"

extern char** environ;

static const char* const kLinked[] = {"target-static", "target-static-pie",  "target-no-pie",
                                      "target-pie",    "target-musl-static", "target-musl"};
enum { kLinkedWays = 6 };

static const char* folder;  // argv[1]
static const char* PathOf(const char* target) {
  static __thread char path[8][512];
  static __thread unsigned next;
  char* at = path[next++ % 8];
  snprintf(at, sizeof(path[0]), "%s/%s", folder, target);
  return at;
}

static int long_run;  // argv[2] is "long"
static void Start(int argc, char** argv, int seconds) {
  CHECK(argc > 1);
  folder = argv[1];
  long_run = argc > 2 && strcmp(argv[2], "long") == 0;
  Watchdog(seconds);
}

// What a child prints to fd 1, whatever made it. `child` must not come back.
static int Capture(void (*child)(void*), void* argument, char* out, size_t size) {
  int ends[2];
  size_t got = 0;
  ssize_t part;
  CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
  pid_t pid = Fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    child(argument);
    _exit(99);
  }
  close(ends[1]);
  while (got < size - 1 && (part = read(ends[0], out + got, size - 1 - got)) > 0) got += part;
  out[got] = 0;
  close(ends[0]);
  return StatusOf(pid);
}

// The child ends well, and what it prints begins so.
static void CheckPrints(void (*child)(void*), const char* target, const char* should) {
  static char out[1024];
  check_context = target;
  int status = Capture(child, (void*)target, out, sizeof(out));
  if (status != 0 || strncmp(out, should, strlen(should)) != 0) dprintf(1, "%s: %s\n", target, out);
  CHECK_EQ(status, 0);
  CHECK(strncmp(out, should, strlen(should)) == 0);
}

struct Call {
  const char* path;
  char* const* argv;
  char* const* envp;
};
static void Execve(void* argument) {
  const struct Call* call = argument;
  execve(call->path, call->argv, call->envp);
  dprintf(1, "execve: errno %d\n", errno);
}

// No child of any kind: wait() and its kin have nothing to show.
static void CheckNoChildren(void) { CHECK_ERRNO(waitpid(-1, 0, 0x40000000 /* __WALL */), ECHILD); }

static int CountMaps(void) {
  static char text[256 << 10];
  int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC), lines = 0;
  ssize_t part;
  CHECK(fd >= 0);
  while ((part = read(fd, text, sizeof(text))) > 0) {
    for (ssize_t i = 0; i < part; ++i) lines += text[i] == '\n';
  }
  close(fd);
  return lines;
}
