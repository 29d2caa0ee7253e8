// What a new program can find out about how it was started: auxiliary vector, stack, /proc/self, heap.
// Started as `facts PATH COMM a "" c` with the environment ONE=1 TWO=2; then once more by /proc/self/exe.
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include "../exec.h"

extern const Elf64_Ehdr __ehdr_start;
extern char _start[], end[];

static char text[8192];
static ssize_t Read(const char* path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  ssize_t got = read(fd, text, sizeof(text));
  close(fd);
  return got;
}

static uintptr_t BaseOfInterpreter(void) {  // as the maps have it
  uintptr_t start, base = 0;
  char line[512], *interpreter = 0;
  const Elf64_Phdr* segment = (const void*)((const char*)&__ehdr_start + __ehdr_start.e_phoff);
  for (int i = 0; i < __ehdr_start.e_phnum; ++i) {
    if (segment[i].p_type == PT_INTERP) {
      const char* bias = __ehdr_start.e_type == ET_DYN ? (const char*)&__ehdr_start : 0;
      interpreter = realpath(bias + segment[i].p_vaddr, 0);
    }
  }
  FILE* maps = fopen("/proc/self/maps", "re");
  while (interpreter && !base && fgets(line, sizeof(line), maps)) {
    if (strstr(line, interpreter) && sscanf(line, "%lx", &start) == 1) base = start;
  }
  fclose(maps);
  return base;
}

static void Vector(char** argv, const char* path) {
  char** at = environ;
  while (*at) ++at;
  const Elf64_auxv_t* vector = (const void*)(at + 1);
  size_t size = sizeof(*vector);
  for (const Elf64_auxv_t* a = vector; a->a_type != AT_NULL; ++a) size += sizeof(*a);
  CHECK_EQ(getauxval(AT_PHDR), (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff);
  CHECK_EQ(getauxval(AT_PHNUM), __ehdr_start.e_phnum);
  CHECK_EQ(getauxval(AT_PHENT), sizeof(Elf64_Phdr));
  CHECK_EQ(getauxval(AT_ENTRY), (uintptr_t)_start);
  CHECK_EQ(getauxval(AT_BASE), BaseOfInterpreter());
  CHECK_EQ(getauxval(AT_SECURE), 0);
  CHECK_EQ(getauxval(AT_UID), getuid());
  CHECK_EQ(getauxval(AT_PAGESZ), 4096);
  CHECK(strcmp((char*)getauxval(AT_EXECFN), path) == 0);
  CHECK(strcmp((char*)getauxval(AT_PLATFORM), "x86_64") == 0);
  CHECK(getauxval(AT_RANDOM) > (uintptr_t)argv && getauxval(AT_SYSINFO_EHDR) != 0);
  CHECK_EQ(((uintptr_t)argv - sizeof(long)) % 16, 0);
  ssize_t got = Read("/proc/self/auxv");
  CHECK(got >= (ssize_t)size && memcmp(text, vector, size) == 0);
}

// One string behind the other, arguments and then environment: what setproctitle counts on.
static void Strings(int argc, char** argv) {
  char* at = argv[0];
  for (int i = 0; i < argc; ++i) {
    CHECK(argv[i] == at);
    at += strlen(at) + 1;
  }
  char* const middle = at;
  for (int i = 0; environ[i]; ++i) {
    CHECK(environ[i] == at);
    at += strlen(at) + 1;
  }
  CHECK_EQ(Read("/proc/self/cmdline"), middle - argv[0]);
  CHECK(memcmp(text, argv[0], middle - argv[0]) == 0);
  CHECK_EQ(Read("/proc/self/environ"), at - middle);
  CHECK(memcmp(text, middle, at - middle) == 0);
  CHECK(environ[0] && environ[1] && !environ[2]);
}

static void Exe(const char* real) {
  char link[4096], name[64];
  const size_t length = strlen(real);
  snprintf(name, sizeof(name), "/proc/%d/exe", getpid());
  const char* const names[] = {"/proc/self/exe", name, "/proc/thread-self/exe", "/proc/self/../self/exe"};
  for (int i = 0; i < 4; ++i) {
    CHECK_EQ(readlink(names[i], link, sizeof(link)), length);
    CHECK(memcmp(link, real, length) == 0);
  }
  int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK_EQ(readlinkat(self, "exe", link, sizeof(link)), length);
  CHECK_ERRNO(readlinkat(self, "exe/", link, sizeof(link)), ENOTDIR);
  CHECK_ERRNO(readlinkat(self, "status", link, sizeof(link)), EINVAL);
  CHECK(readlinkat(self, "cwd", link, sizeof(link)) > 0);
  close(self);
  CHECK_EQ(readlink("/proc/self/exe", link, 3), 3);
  CHECK_ERRNO(syscall(SYS_readlink, "/proc/self/exe", link, 0), EINVAL);
  CHECK_ERRNO(syscall(SYS_readlink, "/proc/self/exe", link, -1), EINVAL);
  CHECK_ERRNO(syscall(SYS_readlink, "/proc/self/exe", 8, 100), EFAULT);
  CHECK_ERRNO(syscall(SYS_readlink, 8, link, 100), EFAULT);
  CHECK_ERRNO(readlink("/no/such/exe", link, 100), ENOENT);
}

static void Memory(void) {
  // (Allocators of dynamic linkers make use of it.)
  const int linked = getauxval(AT_BASE) != 0;
  for (const char* at = end; !linked && (uintptr_t)at % 4096 != 0; ++at) CHECK(*at == 0);
  char* const heap = (char*)syscall(SYS_brk, 0);
  CHECK_EQ(syscall(SYS_brk, heap + (8 << 20)), (uintptr_t)heap + (8 << 20));
  memset(heap, 1, 8 << 20);
  if (__ehdr_start.e_type == ET_EXEC) CHECK(heap > end);
}

static void Descriptors(void) {
  for (int fd = 3; fd < 64; ++fd) CHECK(fcntl(fd, F_GETFD) == -1);
}

int main(int argc, char** argv) {
  char name[17] = "";
  CHECK_EQ(argc, 6);
  Descriptors();
  Vector(argv, argv[1]);
  Strings(argc, argv);
  Exe(argv[5]);
  CHECK_EQ(prctl(PR_GET_NAME, name), 0);
  CHECK(strcmp(name, argv[2]) == 0);
  Memory();
  MakePlannedCalls();
  if (strcmp(argv[1], "/proc/self/exe") == 0) return dprintf(1, "facts\n") < 0;
  char* const again[] = {argv[0], "/proc/self/exe", "exe", argv[3], argv[4], argv[5], 0};
  execve("/proc/self/exe", again, environ);
  return 1;
}
