#include "shim/start/environment.h"

#include <linux/auxvec.h>
#include <linux/fcntl.h>

#include "shim/memory/host.h"
#include "shim/memory/open.h"

namespace abishim::start {
namespace {

bool Equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

// The value if `entry` is NAME=value.
const char* ValueOf(const char* entry, const char* name) {
  while (*name != '\0' && *entry == *name) ++entry, ++name;
  return *name == '\0' && *entry == '=' ? entry + 1 : nullptr;
}

void Take(const char* entry, Environment* e) {
  if (const char* mode = ValueOf(entry, "ABISHIM")) {
    e->off = Equal(mode, "off");
    if (!e->off && *mode != '\0' && !Equal(mode, "on")) e->complaint = "ABISHIM";
  } else if (const char* policy = ValueOf(entry, "ABISHIM_POLICY")) {
    if (Equal(policy, "repair")) {
      e->policy = Policy::kRepair;
    } else if (*policy != '\0' && !Equal(policy, "translate")) {
      e->complaint = "ABISHIM_POLICY";
    }
  } else if (const char* log = ValueOf(entry, "ABISHIM_LOG"); log != nullptr && *log != '\0') {
    e->log = log;
  } else if (const char* file = ValueOf(entry, "ABISHIM_STATS"); file != nullptr && *file != '\0') {
    e->stats = file;
  } else if (const char* release = ValueOf(entry, "ABISHIM_UNAME");
             release != nullptr && *release != '\0') {
    e->release = release;
    if (__builtin_strlen(release) >= kReleaseBytes) e->complaint = "ABISHIM_UNAME";
  } else if (const char* how = ValueOf(entry, "ABISHIM_MODE"); how != nullptr && *how != '\0') {
    e->mode = Equal(how, "trap")    ? Mode::kTrap
              : Equal(how, "eager") ? Mode::kEager
              : Equal(how, "patch") ? Mode::kNoFilter
                                    : Mode::kPatched;
    if (e->mode == Mode::kPatched && !Equal(how, "patched")) e->complaint = "ABISHIM_MODE";
  } else if (const char* older = ValueOf(entry, "ABISHIM_OLDER");
             older != nullptr && *older != '\0') {
    e->older = Equal(older, "1") ? Older::kYes : Equal(older, "0") ? Older::kNo : Older::kLook;
    if (e->older == Older::kLook) e->complaint = "ABISHIM_OLDER";
  } else if (const char* exec = ValueOf(entry, "ABISHIM_EXEC"); exec != nullptr && *exec != '\0') {
    e->exec = Equal(exec, "carry")    ? ExecWay::kCarry
              : Equal(exec, "loader") ? ExecWay::kLoader
                                      : ExecWay::kAny;
    if (e->exec == ExecWay::kAny) e->complaint = "ABISHIM_EXEC";
  }
}

// Takes in one entry of the auxiliary vector; true if this is secure-execution mode.
bool TakeAux(const Word* aux, Environment* e) {
  if (aux[0] == AT_MINSIGSTKSZ) e->frame_bytes = aux[1];
  if (aux[0] == AT_SYSINFO_EHDR) e->vdso = aux[1];
  if (aux[0] == AT_PHDR) e->segments = aux[1];
  if (aux[0] == AT_PHNUM) e->segment_count = aux[1];
  return aux[0] == AT_SECURE && aux[1] != 0;
}

long ReadFile(const char* path, char* to, Word size) {
  const long fd = memory::OpenToRead(path);
  if (IsError(fd)) return fd;
  Word done = 0;
  while (done < size) {
    const long got = HostCall<"read">(fd, to + done, size - done);
    if (got <= 0) break;
    done += static_cast<Word>(got);
  }
  HostCall<"close">(fd);
  return static_cast<long>(done);
}

Environment FromStack(const char* const* envp) {
  Environment e;
  for (; *envp != nullptr; ++envp) {
    // Nearly every entry fails at its first letters.
    if ((*envp)[0] == 'A' && (*envp)[1] == 'B') Take(*envp, &e);
  }
  bool secure = false;
  for (auto* aux = reinterpret_cast<const Word*>(envp + 1); aux[0] != AT_NULL; aux += 2) {
    secure |= TakeAux(aux, &e);
  }
  if (!secure) return e;
  Environment kernels;
  kernels.frame_bytes = e.frame_bytes;
  kernels.vdso = e.vdso;
  kernels.segments = e.segments;
  kernels.segment_count = e.segment_count;
  return kernels;
}

Environment FromProc(char* buffer, Word size) {
  Environment e;
  Word aux[64];
  const long bytes = ReadFile("/proc/self/auxv", reinterpret_cast<char*>(aux), sizeof(aux));
  bool secure = false;
  for (long i = 0; (i + 2) * static_cast<long>(sizeof(Word)) <= bytes; i += 2) {
    secure |= TakeAux(aux + i, &e);
  }
  if (secure) return e;
  long length = ReadFile("/proc/self/environ", buffer, size - 1);
  if (length < 0) length = 0;
  buffer[length] = '\0';
  for (long at = 0; at < length;) {
    Take(buffer + at, &e);
    while (buffer[at] != '\0') ++at;
    ++at;
  }
  return e;
}

}  // namespace

Environment ReadEnvironment(Word argc, Word argv, Word envp, char* buffer, Word size) {
  // musl calls constructors without arguments: whatever the registers hold then does not add up.
  const bool given = argc < (1u << 30) && argv % sizeof(Word) == 0 && argv > 4096 &&
                     envp == argv + (argc + 1) * sizeof(Word);
  return given ? FromStack(reinterpret_cast<const char* const*>(envp)) : FromProc(buffer, size);
}

}  // namespace abishim::start
