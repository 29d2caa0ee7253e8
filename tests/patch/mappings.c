// Code in mappings of every kind: which is patched, that all of it computes the same, and that text
// that goes away and comes again is what its file says. mappings WAY: what native, trap, patched
// and eager must show.
#include <sys/mman.h>

#include "../abi/check.h"

enum { kCalls = 100, kPage = 4096 };

static int patches;  // does this way patch at all?

// mlock2 with a flag that there is not.
static const unsigned char kShort[] = {0xb8, 0x45, 1, 0, 0, 0x0f, 5, 0xc3};
static const unsigned char kLong[] = {0x48, 0xc7, 0xc0, 0x45, 1, 0, 0, 0x0f, 5, 0xc3};
// mov $325, %eax; movl $325, -0x48(%rbp); syscall; mov -0x48(%rbp), %edx; ...: ends like a site.
static const unsigned char kStore[] = {0x55, 0x48, 0x89, 0xe5, 0xb8, 0x45, 1,    0, 0,    0xc7,
                                       0x45, 0xb8, 0x45, 1,    0,    0,    0x0f, 5, 0x5d, 0xc3};
// mov $nr, %eax; mov $1, %ecx; syscall: the number is not in the last five bytes.
static const unsigned char kApart[] = {0xb8, 0x45, 1, 0, 0, 0xb9, 0x45, 0, 0, 0, 0x0f, 5, 0xc3};
// std; mov; syscall; pushf; pop %rdx; cld; then -EINVAL only if the flag is still there.
static const unsigned char kBackwards[] = {0xfd, 0xb8, 0x45, 1, 0,    0, 0x0f, 5,    0x9c, 0x5a,
                                           0xfc, 0xf6, 0xc6, 4, 0x75, 2, 0x31, 0xc0, 0xc3};

struct code {
  const unsigned char* bytes;
  int size, site;  // where its five bytes begin
};
static const struct code kCodes[] = {{kShort, sizeof(kShort), 0},
                                     {kLong, sizeof(kLong), 0},
                                     {kStore, sizeof(kStore), 11},
                                     {kApart, sizeof(kApart), 5},
                                     {kBackwards, sizeof(kBackwards), 1}};
enum { kShortSite, kLongSite, kStoreSite, kApartSite, kBackwardsSite };

// Two pages of nops with this code at `at`.
static void Fill(unsigned char* page, const struct code* code, int at) {
  memset(page, 0x90, 2 * kPage);
  memcpy(page + at, code->bytes, (size_t)code->size);
}

static char name[64];
static int MakeFile(const struct code* code, int at) {
  static unsigned char pages[2 * kPage];
  Fill(pages, code, at);
  strcpy(name, "/tmp/abishim-mappings-XXXXXX");
  const int fd = mkstemp(name);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, pages, sizeof(pages)), sizeof(pages));
  return fd;
}

static void Call(const unsigned char* at, int times) {
  long (*function)(long, long, long) = (long (*)(long, long, long))at;
  for (int i = 0; i < times; ++i) CHECK_EQ((int)function(0, 0, 0x80), -EINVAL);
}

static void Expect(const unsigned char* site, int patched) {
  CHECK_EQ(*(const volatile unsigned char*)site == 0xe9, patched && patches);
}

static unsigned char* Map(int fd, void* at, int protection, int flags) {
  unsigned char* map = mmap(at, 2 * kPage, protection, flags | (at ? MAP_FIXED : 0), fd, 0);
  CHECK(map != MAP_FAILED);
  return map;
}

static void One(const char* what, int which, int at, int protection, int flags, int unlinked,
                int patched) {
  check_context = what;
  const struct code* code = &kCodes[which];
  const int fd = MakeFile(code, at);
  if (unlinked) unlink(name);
  unsigned char* map = Map(fd, 0, protection, flags);
  Call(map + at, kCalls);
  Expect(map + at + code->site, patched);
  munmap(map, 2 * kPage);
  close(fd);
  unlink(name);
}

// As a compiler at run time leaves it.
static void Anonymous(void) {
  check_context = "anonymous";
  unsigned char* map = Map(-1, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  Fill(map, &kCodes[kShortSite], 64);
  CHECK_EQ(mprotect(map, 2 * kPage, PROT_READ | PROT_EXEC), 0);
  Call(map + 64, kCalls);
  Expect(map + 64, 0);
}

// The mapping that this address is in still has the name of its file.
static void HasName(const unsigned char* at) {
  char line[512], file[256];
  FILE* maps = fopen("/proc/self/maps", "r");
  int found = 0;
  while (fgets(line, sizeof(line), maps) != 0) {
    unsigned long start, end;
    file[0] = '\0';
    CHECK(sscanf(line, "%lx-%lx %*s %*s %*s %*s %255s", &start, &end, file) >= 2);
    if ((unsigned long)at >= start && (unsigned long)at < end) found = strcmp(file, name) == 0;
  }
  fclose(maps);
  CHECK(found);
}

static void ComesAgain(void) {
  const int text = PROT_READ | PROT_EXEC;
  check_context = "comes again";
  const int fd = MakeFile(&kCodes[kShortSite], 100);
  unsigned char* map = Map(fd, 0, text, MAP_PRIVATE);
  Call(map + 100, kCalls);
  Expect(map + 100, 1);
  HasName(map + 100);
  // The program gives the page back: what comes then is the file's.
  CHECK_EQ(madvise(map, 2 * kPage, MADV_DONTNEED), 0);
  CHECK_EQ(memcmp(map + 100, kShort, sizeof(kShort)), 0);
  Call(map + 100, kCalls);
  Expect(map + 100, 1);
  // Other text at the same place, its site a little off.
  char first[64];
  strcpy(first, name);
  const int other = MakeFile(&kCodes[kLongSite], 98);
  munmap(map, 2 * kPage);
  CHECK(Map(other, map, text, MAP_PRIVATE) == map);
  CHECK_EQ(memcmp(map + 98, kLong, sizeof(kLong)), 0);
  Call(map + 98, kCalls);
  Expect(map + 98, 1);
  // And the first once more.
  CHECK(Map(fd, map, text, MAP_PRIVATE) == map);
  CHECK_EQ(memcmp(map + 100, kShort, sizeof(kShort)), 0);
  unlink(name);
  strcpy(name, first);
  Call(map + 100, kCalls);
  Expect(map + 100, 1);
  // A child has what we have, and what it does is its own.
  const pid_t child = Fork();
  if (child == 0) {
    Call(map + 100, kCalls);
    Expect(map + 100, 1);
    CHECK_EQ(mprotect(map, 2 * kPage, PROT_READ | PROT_WRITE), 0);
    memset(map, 0x90, 2 * kPage);
    _exit(0);
  }
  CHECK_EQ(StatusOf(child), 0);
  Call(map + 100, kCalls);
  // The program makes its text writable and writes what was there: then it is its own affair.
  CHECK_EQ(mprotect(map, 2 * kPage, text | PROT_WRITE), 0);
  memcpy(map + 100, kShort, sizeof(kShort));
  Call(map + 100, kCalls);
  Expect(map + 100, 0);
  unlink(name);
}

// A file in an old page: another thread of the program may be anywhere in it.
static void EveryOffset(void) {
  check_context = "every offset";
  for (int at = kPage - 80; at < kPage + 80; at += 3) {
    const int fd = MakeFile(&kCodes[kShortSite], at);
    unsigned char* map = Map(fd, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE);
    Call(map + at, kCalls);
    Expect(map + at, at + 4 < kPage || at >= kPage);
    munmap(map, 2 * kPage);
    close(fd);
    unlink(name);
  }
}

// Ours to hold, and not to be lost by what the shim opens and closes.
static void KeepsDescriptors(void) {
  check_context = "descriptors";
  const int fd = MakeFile(&kCodes[kShortSite], 64);
  unsigned char* map = Map(fd, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE);
  const int next = dup(fd);
  close(next);
  Call(map + 64, kCalls);
  CHECK_EQ(dup(fd), next);
  unlink(name);
}

int main(int argc, char** argv) {
  const char* way = argc > 1 ? argv[1] : "native";
  patches = strcmp(way, "patched") == 0 || strcmp(way, "eager") == 0;
  Watchdog(60);
  const int text = PROT_READ | PROT_EXEC, all = text | PROT_WRITE;
  One("short", kShortSite, 64, text, MAP_PRIVATE, 0, 1);
  One("long", kLongSite, 64, text, MAP_PRIVATE, 0, 1);
  One("store", kStoreSite, 64, text, MAP_PRIVATE, 0, 0);
  One("apart", kApartSite, 64, text, MAP_PRIVATE, 0, 0);
  One("backwards", kBackwardsSite, 64, text, MAP_PRIVATE, 0, 1);
  One("where the text begins", kShortSite, 0, text, MAP_PRIVATE, 0, 0);
  One("shared", kShortSite, 64, text, MAP_SHARED, 0, 0);
  One("unlinked", kShortSite, 64, text, MAP_PRIVATE, 1, 0);
  One("writable", kShortSite, 64, all, MAP_PRIVATE, 0, 0);
  Anonymous();
  EveryOffset();
  ComesAgain();
  KeepsDescriptors();
  return Done();
}
