// What ld.so has loaded, as it tells debuggers: the same list in every libc.
#pragma once

#include <linux/elf.h>

#include "shim/start/environment.h"

namespace abishim::start {

struct Object {  // link_map, link.h
  Word bias;
  const char* name;
  const Elf64_Dyn* dynamic;
  const Object* next;
};

// Null where there is none: static programs have none, nor has the library when it is executed.
const Object* FirstObject(const Environment& environment);

// The entry with that tag, or null.
const Elf64_Dyn* FindTag(const Elf64_Dyn* at, Word tag);

}  // namespace abishim::start
