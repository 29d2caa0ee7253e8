// An OCI image layout: a directory, or a tar archive of one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace abishim::layer {

struct Sum {
  std::string digest;
  std::uint64_t size;
};

class Layout {
 public:
  virtual ~Layout() = default;
  virtual const std::string& path() const = 0;
  // Both refuse a file that is not there. Names are relative: "index.json".
  virtual std::string Read(const std::string& name) const = 0;
  virtual Sum SumOf(const std::string& name) const = 0;
  // Adds blobs (digest -> bytes) and puts `index` in the place of index.json, which is the last
  // step: when something fails before it, the layout is as it was.
  virtual void Add(const std::map<std::string, std::string>& blobs, const std::string& index) = 0;
};

// "sha256:..." -> "blobs/sha256/...". Refuses what is not the digest of a blob.
std::string BlobName(const std::string& digest);

// Refuses what is neither a directory nor a tar archive.
std::unique_ptr<Layout> OpenLayout(const std::string& path);

// A new directory, which must not be there yet, with oci-layout in it; nothing else is.
std::unique_ptr<Layout> MakeLayout(const std::string& path);

std::unique_ptr<Layout> OpenArchive(const std::string& path);

}  // namespace abishim::layer
