// x86-64: what the tables and translations must know about the architecture. Includes nothing of
// ours.
#pragma once

namespace abishim::arch {

inline constexpr const char kName[] = "x86_64";
inline constexpr unsigned kAudit = 0xc000003e;     // AUDIT_ARCH_X86_64
inline constexpr unsigned short kElfMachine = 62;  // EM_X86_64
inline constexpr int kNumbers = 512;               // one more than the highest number a table needs

template <class Numbers>
constexpr int NumberIn(const Numbers& numbers) {
  return numbers.OnX86_64();
}
template <class Row>
constexpr auto SinceIn(const Row& row) {
  return row.later.x86_64 == decltype(row.since){} ? row.since : row.later.x86_64;
}

// Where a program's addresses end (with four levels of page tables), and those flags of mmap(2)
// that say where to look for room (MAP_32BIT, MAP_ABOVE4G); with MAP_FIXED they say nothing.
inline constexpr unsigned long kAddressesEnd = 0x7ffffffff000;
inline constexpr unsigned kMapAreas = 0x40 | 0x80;

// struct stat of newfstatat(2), fstat(2): asm/stat.h, since 2.3.
struct KernelStat {
  unsigned long dev, ino, nlink;
  unsigned int mode, uid, gid, pad0;
  unsigned long rdev;
  long size, blksize, blocks;
  unsigned long atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
  long unused[3];
};
static_assert(sizeof(KernelStat) == 144);
static_assert(__builtin_offsetof(KernelStat, rdev) == 40);
static_assert(__builtin_offsetof(KernelStat, ctime) == 104);

// The caller's CPU and NUMA node without a call, as the vDSO's getcpu has read them since 2.6.19:
// the limit of segment 15 is another number on each CPU. False where this machine has no such
// segment.
inline bool AskCpu(unsigned* cpu, unsigned* node) {
  constexpr unsigned kSelector = 15 * 8 + 3, kCpuBits = 12;
  unsigned limit;
  bool known;
  asm volatile("lsl %2, %0" : "=r"(limit), "=@ccz"(known) : "r"(kSelector));
  *cpu = limit & ((1u << kCpuBits) - 1);
  *node = limit >> kCpuBits;
  return known;
}

}  // namespace abishim::arch
