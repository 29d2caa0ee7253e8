// Thousands of execs from eight threads at once; each child's output is right.
#include "exec.h"

static int per_thread;
static void* Work(void* number) {
  for (int i = 0; i < per_thread; ++i) {
    char word[32], should[64], got[64];
    int ends[2];
    size_t size = 0;
    ssize_t part;
    pid_t pid;
    snprintf(word, sizeof(word), "%ld.%d", (long)number, i);
    snprintf(should, sizeof(should), "target 2 %s env 0\n", word);
    char* const args[] = {"target", word, 0}, * const nothing[] = {0};
    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    CHECK_EQ(posix_spawn(&pid, PathOf(kLinked[i % kLinkedWays]), &actions, 0, args, nothing), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while (size < sizeof(got) - 1 && (part = read(ends[0], got + size, sizeof(got) - 1 - size)) > 0) size += part;
    got[size] = 0;
    close(ends[0]);
    CHECK_EQ(StatusOf(pid), 0);
    if (strcmp(got, should) != 0) dprintf(1, "%s: %s", word, got);
    CHECK(strcmp(got, should) == 0);
  }
  return 0;
}

int main(int argc, char** argv) {
  pthread_t thread[8];
  Start(argc, argv, 300);
  per_thread = long_run ? 625 : 40;
  for (long i = 0; i < 8; ++i) CHECK_EQ(pthread_create(&thread[i], 0, Work, (void*)i), 0);
  for (int i = 0; i < 8; ++i) pthread_join(thread[i], 0);
  CheckNoChildren();
  dprintf(1, "%d execs\n", 8 * per_thread);
  return Done();
}
