#include "shim/start/older.h"

#include <linux/elf.h>

namespace abishim::start {
namespace {

constexpr int kFirstWithout = 15;  // glibc 2.15

// elf.h of a libc has these, linux/elf.h has not.
constexpr Word kVersions = 0x6ffffffc, kVersionCount = 0x6ffffffd;  // DT_VERDEF, DT_VERDEFNUM
struct Version {                                                    // Elf64_Verdef
  unsigned short format, flags, index, names;
  unsigned hash, name_at, next_at;
};
struct Debug {  // r_debug, link.h
  int version;
  const struct Object* first;
};
struct Object {  // link_map
  Word bias;
  const char* name;
  const Elf64_Dyn* dynamic;
  const Object* next;
};

const Elf64_Dyn* Find(const Elf64_Dyn* at, Word tag) {
  for (; at != nullptr && at->d_tag != DT_NULL; ++at) {
    if (static_cast<Word>(at->d_tag) == tag) return at;
  }
  return nullptr;
}

// ld.so tells debuggers by DT_DEBUG of the program what it has loaded.
const Object* FirstObject(const Environment& e) {
  const auto* segment = reinterpret_cast<const Elf64_Phdr*>(e.segments);
  const Elf64_Phdr *itself = nullptr, *dynamic = nullptr;
  for (Word i = 0; i < e.segment_count; ++i) {
    if (segment[i].p_type == PT_PHDR) itself = &segment[i];
    if (segment[i].p_type == PT_DYNAMIC) dynamic = &segment[i];
  }
  // (Static ones, and our own library when it is executed, have no such segment.)
  if (dynamic == nullptr || itself == nullptr) return nullptr;
  const Word bias = e.segments - itself->p_vaddr;
  constexpr Word kDebug = 21;  // DT_DEBUG
  const auto* entry = Find(reinterpret_cast<const Elf64_Dyn*>(bias + dynamic->p_vaddr), kDebug);
  if (entry == nullptr || entry->d_un.d_ptr == 0) return nullptr;
  return reinterpret_cast<const Debug*>(entry->d_un.d_ptr)->first;
}

bool IsGlibc(const char* path) {
  constexpr char kName[] = "/libc.so.6";
  constexpr Word kLength = sizeof(kName) - 1;
  const Word length = path != nullptr ? __builtin_strlen(path) : 0;
  return length >= kLength && __builtin_memcmp(path + length - kLength, kName, kLength) == 0;
}

// N of "GLIBC_2.N", else -1.
int MinorOf(const char* name) {
  constexpr char kPrefix[] = "GLIBC_2.";
  for (const char* at = kPrefix; *at != '\0'; ++at, ++name) {
    if (*name != *at) return -1;
  }
  int minor = 0;
  for (; *name >= '0' && *name <= '9'; ++name) minor = minor * 10 + (*name - '0');
  return minor;
}

// The newest of the versions that the library defines; -1: none.
int NewestVersion(const Object& library) {
  const auto* versions = Find(library.dynamic, kVersions);
  const auto* count = Find(library.dynamic, kVersionCount);
  const auto* names = Find(library.dynamic, DT_STRTAB);
  if (versions == nullptr || count == nullptr || names == nullptr) return -1;
  // ld.so has made addresses of them, unless it could not write there.
  const auto place = [&](const Elf64_Dyn* entry) {
    return entry->d_un.d_ptr + (entry->d_un.d_ptr < library.bias ? library.bias : 0);
  };
  Word at = place(versions);
  int newest = -1;
  for (Word i = 0; i < count->d_un.d_val; ++i) {
    const auto& version = *reinterpret_cast<const Version*>(at);
    const auto name = *reinterpret_cast<const unsigned*>(at + version.name_at);
    const int minor = MinorOf(reinterpret_cast<const char*>(place(names) + name));
    newest = minor > newest ? minor : newest;
    if (version.next_at == 0) break;
    at += version.next_at;
  }
  return newest;
}

}  // namespace

bool IsOlder(const Environment& environment) {
  if (environment.older != Older::kLook) return environment.older == Older::kYes;
  for (const auto* object = FirstObject(environment); object != nullptr; object = object->next) {
    if (!IsGlibc(object->name)) continue;
    const int newest = NewestVersion(*object);
    return newest >= 0 && newest < kFirstWithout;
  }
  return false;
}

}  // namespace abishim::start
