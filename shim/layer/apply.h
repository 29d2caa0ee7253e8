// abishim apply and abishim layer: the layer, onto an image or by itself.
#pragma once

#include <string>

namespace abishim::layer {

struct ApplyOptions {
  std::string image, tag;  // PATH[:TAG]
  bool entrypoint = false, preload = false;
};

struct LayerOptions {
  std::string oci, tar;  // empty: not asked for
};

int Apply(const ApplyOptions& options, const std::string& version);
int MakeLayer(const LayerOptions& options, const std::string& version);

}  // namespace abishim::layer
