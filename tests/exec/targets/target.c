// Prints what it was started with, after it has made planned calls; finds no child and no trace of
// another program.
#include "../exec.h"

static int IsWord(const char* option, const char* word) { return option && strcmp(option, word) == 0; }

int main(int argc, char** argv) {
  int environment = 0;
  const char* option = argc > 1 ? argv[1] : 0;
  CheckNoChildren();
  if (IsWord(option, "bare")) {  // no /proc, no descriptors to spare
    MakePlannedCallsWithoutDescriptors();
  } else {
    MakePlannedCalls();
  }
  if (IsWord(option, "sleep")) SleepMs(300);
  struct sigaction old;
  if (IsWord(option, "trapped")) CHECK_EQ(sigaction(SIGUSR1, 0, &old), 0);  // where the host lacks anything
  if (IsWord(option, "status")) {
    int dumpable = prctl(PR_GET_DUMPABLE), death = -1;
    prctl(PR_GET_PDEATHSIG, &death);
    dprintf(1, "mask %lx dumpable %d death %d uid %d euid %d\n", Mask(), dumpable, death, getuid(),
            geteuid());
  }
  while (environ[environment]) ++environment;
  dprintf(1, "target %d", argc);
  for (int i = 1; i < argc; ++i) dprintf(1, " %s", argv[i]);
  dprintf(1, " env %d\n", environment);
  return argc > 2 ? atoi(argv[2]) : 0;
}
