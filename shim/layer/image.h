// An image of an OCI layout, and the same with our layer on top.
#pragma once

#include <string>

#include "shim/layer/layout.h"

namespace abishim::layer {

struct Changes {
  std::string tag;      // of the new image; empty: none
  std::string made_by;  // for the history
  bool entrypoint, preload;
};

// Adds to the layout an image that is the one called `source` (empty: the only one) with `layer`, a
// tar archive, on top. Refuses what it does not understand, before anything is written.
void AddImage(Layout* layout, const std::string& source, const std::string& layer,
              const Changes& changes);

// Puts an image that is `layer` and nothing else into an empty layout.
void PutImage(Layout* layout, const std::string& layer, const Changes& changes);

}  // namespace abishim::layer
