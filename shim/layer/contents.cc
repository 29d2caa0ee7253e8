#include "shim/layer/contents.h"

#include <string_view>

#include "shim/command/library.h"
#include "shim/layer/files.h"
#include "shim/layer/tar.h"

extern "C" {
extern const char abishim_licence[], abishim_licence_end[];
extern const char abishim_manual[], abishim_manual_end[];
}

namespace abishim::layer {
namespace {

// Older engines make directories that a layer does not name with a mode that keeps users out.
void AddDirectories(const std::string& path, std::string* tar) {
  for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    const std::string header = TarHeader(path.substr(0, end + 1), 0, 0755);
    if (tar->find(header) == std::string::npos) *tar += header;
  }
}

void AddFile(const std::string& path, unsigned mode, std::string_view bytes, std::string* tar) {
  AddDirectories(path, tar);
  *tar += TarHeader(path, bytes.size(), mode);
  *tar += bytes;
  *tar += TarPadding(bytes.size());
}

}  // namespace

std::string LayerTar() {
  std::string tar;
  AddFile(kCommandPath + 1, 0755, ReadFile("/proc/self/exe"), &tar);
  AddFile(kLibraryPath + 1, 0755, ReadFile(command::FindLibrary()), &tar);
  AddFile("usr/share/doc/abishim/LICENSE", 0644,
          {abishim_licence, static_cast<std::size_t>(abishim_licence_end - abishim_licence)}, &tar);
  AddFile("usr/share/man/man1/abishim.1", 0644,
          {abishim_manual, static_cast<std::size_t>(abishim_manual_end - abishim_manual)}, &tar);
  tar.append(kTarEnd, '\0');
  return tar;
}

}  // namespace abishim::layer
