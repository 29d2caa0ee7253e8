#include "shim/start/older.h"

#include "shim/start/objects.h"

namespace abishim::start {
namespace {

constexpr int kFirstWithout = 15;  // glibc 2.15

// elf.h of a libc has these, linux/elf.h has not.
constexpr Word kVersions = 0x6ffffffc, kVersionCount = 0x6ffffffd;  // DT_VERDEF, DT_VERDEFNUM
struct Version {                                                    // Elf64_Verdef
  unsigned short format, flags, index, names;
  unsigned hash, name_at, next_at;
};

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
  const auto* versions = FindTag(library.dynamic, kVersions);
  const auto* count = FindTag(library.dynamic, kVersionCount);
  const auto* names = FindTag(library.dynamic, DT_STRTAB);
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
