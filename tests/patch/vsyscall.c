// under: --older --no-vsyscall
// Calls of the vsyscall page in every form: which get another address to call, that all say the
// time, and that no handler that leaves in the middle leaves anything behind. vsyscall WAY: what
// native, trap, patched and eager must show.
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "../abi/check.h"

// (A place that was given up is never tried again: each test has offsets of its own.)
enum { kCalls = 100, kPage = 4096 };
static int patches;

#define TIME 0x00, 0x04, 0x60, 0xff
#define TIME64 TIME, 0xff, 0xff, 0xff, 0xff
#define ENTER 0x48, 0x83, 0xec, 8  // sub $8, %rsp
#define LEAVE 0x48, 0x83, 0xc4, 8, 0xc3

// As glibc has it: mov $..., %rax; call *%rax.
static const unsigned char kCall[] = {ENTER, 0x48, 0xc7, 0xc0, TIME, 0xff, 0xd0, LEAVE};
static const unsigned char kLong[] = {ENTER, 0x48, 0xb8, TIME64, 0xff, 0xd0, LEAVE};
static const unsigned char kR11[] = {ENTER, 0x49, 0xc7, 0xc3, TIME, 0x41, 0xff, 0xd3, LEAVE};
static const unsigned char kRcx[] = {ENTER, 0x48, 0xb9, TIME64, 0xff, 0xd1, LEAVE};
// A function that ends in a jump there, called; and called through a linkage table.
static const unsigned char kJump[] = {ENTER, 0xe8, 5,    0,    0,    0,   LEAVE,
                                      0x48,  0xc7, 0xc0, TIME, 0xff, 0xe0};
static const unsigned char kLinkage[] = {
    ENTER, 0xe8, 5,    0,    0,    0,    LEAVE, 0xff, 0x25, 9, 0, 0, 0,  // jmp *slot
    0x48,  0xc7, 0xc0, TIME, 0xff, 0xe0, 0,     0,    0,    0, 0, 0, 0,
    0};  // the function; the slot
// movabs $0xff600400c0c74890, %r11 between the load and the call ends like a load.
static const unsigned char kOther[] = {ENTER, 0x48, 0xc7, 0xc0, TIME, 0x49, 0xbb, 0x90,
                                       0x48,  0xc7, 0xc0, TIME, 0xff, 0xd0, LEAVE};
// Not beside each other: xor %edx, %edx.
static const unsigned char kApart[] = {ENTER, 0x48, 0xc7, 0xc0, TIME,
                                       0x31,  0xd2, 0xff, 0xd0, LEAVE};

struct code {
  const char* name;
  const unsigned char* bytes;
  int size, address, bytes_of_it, patched;
};
static const struct code kCodes[] = {
    {"call", kCall, sizeof(kCall), 7, 4, 1},     {"long", kLong, sizeof(kLong), 6, 8, 1},
    {"r11", kR11, sizeof(kR11), 7, 4, 1},        {"rcx", kRcx, sizeof(kRcx), 6, 8, 1},
    {"jump", kJump, sizeof(kJump), 17, 4, 1},    {"linkage", kLinkage, sizeof(kLinkage), 23, 4, 1},
    {"other", kOther, sizeof(kOther), 7, 13, 0}, {"apart", kApart, sizeof(kApart), 7, 4, 0},
};
enum { kCodeCount = sizeof(kCodes) / sizeof(kCodes[0]) };

struct place {
  const struct code* code;
  unsigned char* at;
  int fd;
  char name[64];
};

static struct place Map(const struct code* code, int at, int protection, int flags) {
  struct place place = {.code = code, .name = "/tmp/abishim-vsyscall-XXXXXX"};
  static unsigned char pages[2 * kPage];
  memset(pages, 0x90, sizeof(pages));
  memcpy(pages + at, code->bytes, (size_t)code->size);
  place.fd = mkstemp(place.name);
  CHECK(place.fd >= 0 && ftruncate(place.fd, sizeof(pages)) == 0);
  unsigned char* map = mmap(0, sizeof(pages), protection, flags, place.fd, 0);
  CHECK(map != MAP_FAILED);
  place.at = map + at;
  unsigned char* const function = place.at + 20;
  if (code->bytes == kLinkage) memcpy(pages + at + 29, &function, sizeof(function));
  CHECK_EQ(pwrite(place.fd, pages, sizeof(pages), 0), sizeof(pages));
  return place;
}
static void Unmap(struct place* place) {
  munmap((void*)((unsigned long)place->at & -(unsigned long)kPage), 2 * kPage);
  close(place->fd);
  unlink(place->name);
}

static int IsPatched(const struct place* place) {
  const struct code* code = place->code;
  return memcmp(place->at + code->address, code->bytes + code->address,
                (size_t)code->bytes_of_it) != 0;
}
static void Call(const struct place* place) {
  time_t (*function)(time_t*) = (time_t(*)(time_t*))place->at;
  time_t stored = 0;
  const time_t before = time(0), seconds = function(&stored);
  CHECK_EQ(seconds, stored);
  CHECK(seconds >= before && seconds <= before + 30);
  CHECK(function(0) >= seconds);
}

static void One(const struct code* code, int at, int protection, int flags, int patched) {
  check_context = code->name;
  struct place place = Map(code, at, protection, flags);
  for (int i = 0; i < kCalls; ++i) Call(&place);
  CHECK_EQ(IsPatched(&place), patched && patches);
  Unmap(&place);
}

// The program may look at its own text: it is the file's but for the address, and comes back.
static void ComesBack(void) {
  check_context = "comes back";
  struct place place = Map(&kCodes[0], 200, PROT_READ | PROT_EXEC, MAP_PRIVATE);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < kCalls; ++i) Call(&place);
    CHECK_EQ(IsPatched(&place), patches);
    CHECK_EQ(memcmp(place.at, kCall, 7), 0);
    CHECK_EQ(memcmp(place.at + 11, kCall + 11, sizeof(kCall) - 11), 0);
    CHECK_EQ(place.at[-1], 0x90);
    CHECK_EQ(madvise(place.at - 200, 2 * kPage, MADV_DONTNEED), 0);
    CHECK_EQ(IsPatched(&place), 0);
  }
  Unmap(&place);
}

// Threads at one fresh site, children in between.
static void* Calls(void* place) {
  for (int i = 0; i < kCalls; ++i) Call(place);
  return 0;
}
static void InThreads(void) {
  check_context = "threads";
  for (int round = 0; round < 20; ++round) {
    struct place place = Map(&kCodes[round % 6], 400 + round, PROT_READ | PROT_EXEC, MAP_PRIVATE);
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i) CHECK_EQ(pthread_create(&threads[i], 0, Calls, &place), 0);
    const pid_t child = Fork();
    if (child == 0) Calls(&place), _exit(0);
    for (int i = 0; i < 4; ++i) CHECK_EQ(pthread_join(threads[i], 0), 0);
    CHECK_EQ(StatusOf(child), 0);
    CHECK_EQ(IsPatched(&place), patches);
    Unmap(&place);
  }
}

// A handler that leaves by siglongjmp, at any moment of a call, its fault and its patching.
static sigjmp_buf back;
static volatile sig_atomic_t armed, jumped;
static void JumpAway(int sig) {
  (void)sig;
  if (armed) armed = 0, ++jumped, siglongjmp(back, 1);
}
static void UnderAlarms(void) {
  check_context = "alarms";
  Handle(SIGALRM, (void (*)(int, siginfo_t*, void*))(void*)JumpAway, 0);
  const int first = dup(0);
  close(first);
  const struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
  CHECK_EQ(setitimer(ITIMER_REAL, &often, 0), 0);
  for (volatile int round = 0; round < 150; ++round) {
    struct place place = Map(&kCodes[round % 6], 600, PROT_READ | PROT_EXEC, MAP_PRIVATE);
    time_t (*volatile function)(time_t*) = (time_t(*)(time_t*))place.at;
    for (volatile int i = 0; i < kCalls; ++i) {
      if (sigsetjmp(back, 1) == 0) {
        armed = 1;
        if (function(0) <= 0) CHECK(!"time");
        armed = 0;
      }
    }
    Unmap(&place);
  }
  CHECK_EQ(setitimer(ITIMER_REAL, &never, 0), 0);
  CHECK(jumped > 0);
  CHECK_EQ(dup(0), first);
  close(first);
  check_context = "after alarms";
  // Whoever held something when he left would hold it for good.
  One(&kCodes[0], 500, PROT_READ | PROT_EXEC, MAP_PRIVATE, 1);
}

// A bad pointer at a patched site is told as at one that is not.
static siginfo_t fault;
static unsigned long fault_pc, fault_sp, fault_di;
static void OnFault(int sig, siginfo_t* info, void* context) {
  (void)sig;
  const unsigned long* registers = (unsigned long*)context + 5;
  fault = *info, fault_pc = registers[16], fault_sp = registers[15], fault_di = registers[8];
  siglongjmp(back, 1);
}
static void BadPointer(void) {
  check_context = "bad pointer";
  Handle(SIGSEGV, OnFault, 0);
  struct place place = Map(&kCodes[0], 300, PROT_READ | PROT_EXEC, MAP_PRIVATE);
  time_t (*volatile function)(time_t*) = (time_t(*)(time_t*))place.at;
  unsigned long sp_before = 0;
  for (volatile int round = 0; round < 2; ++round) {
    static time_t* const bad[] = {(time_t*)8, (time_t*)0xffff888000000000, (time_t*)(1ul << 62)};
    for (volatile int i = 0; i < 3; ++i) {
      fault_pc = 0;
      if (sigsetjmp(back, 1) == 0) {
        function(bad[i]);
        CHECK(!"reached");
      }
      CHECK_EQ(fault_pc, 0xffffffffff600400);
      CHECK_EQ(fault_di, (unsigned long)bad[i]);
      CHECK_EQ(fault.si_addr, i == 0 ? (void*)0 : (void*)bad[i]);
      CHECK_EQ(fault.si_code, i == 0 ? SI_KERNEL : SEGV_MAPERR);
      CHECK(sp_before == 0 || fault_sp == sp_before);
      sp_before = fault_sp;
    }
    for (int i = 0; i < kCalls; ++i) Call(&place);
    CHECK_EQ(IsPatched(&place), patches);
  }
  Unmap(&place);
  signal(SIGSEGV, SIG_DFL);
}

int main(int argc, char** argv) {
  const char* way = argc > 1 ? argv[1] : "native";
  patches = strcmp(way, "patched") == 0 || strcmp(way, "eager") == 0;
  Watchdog(100);
  const int text = PROT_READ | PROT_EXEC;
  for (int i = 0; i < kCodeCount; ++i) One(&kCodes[i], 64, text, MAP_PRIVATE, kCodes[i].patched);
  One(&kCodes[0], 64, text, MAP_SHARED, 0);
  One(&kCodes[0], 64, text | PROT_WRITE, MAP_PRIVATE, 0);
  One(&kCodes[0], 0, text, MAP_PRIVATE, 0);  // what stands before is not seen
  for (int at = kPage - 12; at < kPage; ++at)
    One(&kCodes[0], at, text, MAP_PRIVATE, at + 7 >= kPage || at + 11 <= kPage);
  ComesBack();
  BadPointer();
  InThreads();
  UnderAlarms();
  return Done();
}
