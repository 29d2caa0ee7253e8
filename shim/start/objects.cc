#include "shim/start/objects.h"

#include "shim/image/segments.h"

namespace abishim::start {
namespace {

struct Debug {  // r_debug, link.h
  int version;
  const Object* first;
};

}  // namespace

const Elf64_Dyn* FindTag(const Elf64_Dyn* at, Word tag) {
  for (; at != nullptr && at->d_tag != DT_NULL; ++at) {
    if (static_cast<Word>(at->d_tag) == tag) return at;
  }
  return nullptr;
}

// By DT_DEBUG of the program.
const Object* FirstObject(const Environment& e) {
  const image::Segments segments{reinterpret_cast<const Elf64_Phdr*>(e.segments), e.segment_count};
  const Elf64_Phdr *itself = segments.Find(PT_PHDR), *dynamic = segments.Find(PT_DYNAMIC);
  if (dynamic == nullptr || itself == nullptr) return nullptr;
  const Word bias = e.segments - itself->p_vaddr;
  constexpr Word kDebug = 21;  // DT_DEBUG
  const auto* entry = FindTag(reinterpret_cast<const Elf64_Dyn*>(bias + dynamic->p_vaddr), kDebug);
  if (entry == nullptr || entry->d_un.d_ptr == 0) return nullptr;
  return reinterpret_cast<const Debug*>(entry->d_un.d_ptr)->first;
}

}  // namespace abishim::start
