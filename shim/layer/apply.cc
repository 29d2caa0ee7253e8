// abishim apply and abishim layer: the layer, onto an image or by itself.
#include "shim/layer/apply.h"

#include <unistd.h>

#include "shim/command/failure.h"
#include "shim/layer/contents.h"
#include "shim/layer/files.h"
#include "shim/layer/image.h"
#include "shim/layer/layout.h"

namespace abishim::layer {
namespace {

// What Docker takes as a tag: every other tool does too.
void CheckTag(const std::string& tag) {
  constexpr char kSigns[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  if (tag.empty() || tag.size() > 128 || tag[0] == '.' || tag[0] == '-' ||
      tag.find_first_not_of(kSigns) != std::string::npos) {
    throw command::Failure(command::kUsage, "--tag: '" + tag + "' is no tag");
  }
}

// A path may have a colon in it, too.
void SplitImage(const std::string& image, std::string* path, std::string* source) {
  const std::size_t colon = image.rfind(':');
  *path = image;
  if (colon == std::string::npos || access(image.c_str(), F_OK) == 0) return;
  *path = image.substr(0, colon);
  *source = image.substr(colon + 1);
  if (source->empty()) Refuse(image + ": no tag after the colon");
}

}  // namespace

int Apply(const ApplyOptions& options, const std::string& version) {
  CheckTag(options.tag);
  std::string path, source;
  SplitImage(options.image, &path, &source);
  // The entry point covers static programs; the variable what an engine starts beside it (`docker
  // exec`, health checks).
  const bool both = options.entrypoint == options.preload;
  AddImage(OpenLayout(path).get(), source, LayerTar(),
           {.tag = options.tag,
            .made_by = "abishim apply " + version,
            .entrypoint = both || options.entrypoint,
            .preload = both || options.preload});
  return 0;
}

int MakeLayer(const LayerOptions& options, const std::string& version) {
  if (options.oci.empty() && options.tar.empty()) {
    throw command::Failure(command::kUsage, "layer: neither --oci nor --tar");
  }
  const std::string tar = LayerTar();
  if (!options.tar.empty()) {
    NewFile file(options.tar);
    file.Write(tar);
    file.Keep();
  }
  if (!options.oci.empty()) {
    PutImage(MakeLayout(options.oci).get(), tar,
             {.tag = version,
              .made_by = "abishim layer " + version,
              .entrypoint = false,
              .preload = false});
  }
  return 0;
}

}  // namespace abishim::layer
