// Says what /proc/self/status tells of signals and filters; a report, only the calls are checked.
#include "planned.h"

int main(void) {
  Watchdog(20);
  MakePlannedCalls();
  FILE* status = fopen("/proc/self/status", "r");
  CHECK(status);
  char line[4096];
  while (fgets(line, sizeof(line), status)) {
    if (strncmp(line, "Sig", 3) == 0 || strncmp(line, "Seccomp", 7) == 0 ||
        strncmp(line, "NoNewPrivs", 10) == 0) {
      dprintf(1, "%s", line);
    }
  }
  fclose(status);
  return Done();
}
