// An exec from a thread that is not the leader, and from several at once: one wins, no helper of
// another is left to the new program.
#include "exec.h"

static char out[1024];
static char* const args[] = {"target", "status", 0};
static pthread_barrier_t barrier;

static void* Exec(void* unused) {
  pthread_barrier_wait(&barrier);
  execve(PathOf("target-pie"), args, environ);
  return unused;
}
static void* ExecNothing(void* unused) {
  pthread_barrier_wait(&barrier);
  for (;;) execve("/no/such/file", args, environ), execve("/dev/null/x", args, environ);
  return unused;
}
static void FromThreads(void* count) {
  pthread_t thread[16];
  int n = *(int*)count;
  pthread_barrier_init(&barrier, 0, (unsigned)n + 1);
  for (int i = 0; i < n; ++i) CHECK_EQ(pthread_create(&thread[i], 0, Exec, 0), 0);
  CHECK_EQ(pthread_create(&thread[n], 0, ExecNothing, 0), 0);
  pthread_join(thread[0], 0);
}

int main(int argc, char** argv) {
  Start(argc, argv, 120);
  for (int round = 0; round < (long_run ? 200 : 15); ++round) {
    const int counts[] = {1, 2, 8};
    for (int i = 0; i < 3; ++i) {
      int status = Capture(FromThreads, (void*)&counts[i], out, sizeof(out));
      if (status != 0 || !strstr(out, "target 2 status")) dprintf(1, "%d threads: %s\n", counts[i], out);
      CHECK_EQ(status, 0);
      CHECK(strstr(out, "target 2 status") != 0);
    }
  }
  CheckNoChildren();
  return Done();
}
