#include "shim/start/self.h"

#include "shim/image/image.h"
#include "shim/start/maps.h"
#include "shim/start/objects.h"

namespace abishim::start {
namespace {

// Only a whole path: the program may go elsewhere.
bool Take(const char* path, Self* self) {
  if (path == nullptr || *path != '/') return false;
  const Word bytes = __builtin_strlen(path) + 1;
  if (bytes > sizeof(self->path)) return false;
  __builtin_memcpy(self->path, path, bytes);
  return true;
}

void TakeMapping(void* self, const Mapping& mapping) {
  const Word base = image::OwnBase();
  if (base >= mapping.start && base < mapping.end) Take(mapping.path, static_cast<Self*>(self));
}

}  // namespace

void FindSelf(const Environment& environment, Self* self) {
  for (const auto* object = FirstObject(environment); object != nullptr; object = object->next) {
    if (object->bias == image::OwnBase() && Take(object->name, self)) return;
  }
  self->path[0] = '\0';
  char buffer[8192];
  ForEachMapping(buffer, sizeof(buffer), TakeMapping, self);
}

}  // namespace abishim::start
