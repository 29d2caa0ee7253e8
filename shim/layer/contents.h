// What the layer holds.
#pragma once

#include <string>

namespace abishim::layer {

inline constexpr char kCommandPath[] = "/usr/bin/abishim";
inline constexpr char kLibraryPath[] = "/usr/lib/abishim/libabishim.so";

// The layer as a tar archive: this very command, the library that `abishim run` would take,
// licence and manual page. Equal files make equal bytes.
std::string LayerTar();

}  // namespace abishim::layer
