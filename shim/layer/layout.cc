// An OCI image layout that is a directory.
#include "shim/layer/layout.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "shim/layer/digest.h"
#include "shim/layer/files.h"

namespace abishim::layer {
namespace {

void MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0) Refuse(path + ": " + strerror(errno));
}

class Directory : public Layout {
 public:
  explicit Directory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const override { return path_; }

  std::string Read(const std::string& name) const override { return ReadFile(path_ + '/' + name); }

  Sum SumOf(const std::string& name) const override {
    const File file(path_ + '/' + name);
    Sha256 sum;
    file.Each(0, file.size(), [&](std::string_view piece) { sum.Add(piece); });
    return {sum.Digest(), file.size()};
  }

  void Add(const std::map<std::string, std::string>& blobs, const std::string& index) override {
    std::vector<std::string> made;
    try {
      for (const auto& [digest, bytes] : blobs) {
        const std::string path = path_ + '/' + BlobName(digest);
        if (access(path.c_str(), F_OK) == 0 && DigestOf(ReadFile(path)) == digest) continue;
        Put(path, bytes, 0644);
        made.push_back(path);
      }
      const std::string path = path_ + "/index.json";
      Put(path, index, access(path.c_str(), F_OK) == 0 ? File(path).mode() : 0644);
    } catch (...) {
      for (const std::string& path : made) unlink(path.c_str());
      throw;
    }
  }

 private:
  static void Put(const std::string& path, const std::string& bytes, unsigned mode) {
    NewFile file(path, mode);
    file.Write(bytes);
    file.Keep();
  }

  std::string path_;
};

}  // namespace

std::string BlobName(const std::string& digest) {
  constexpr std::string_view kAlgorithm = "sha256:";
  const std::string digits = digest.substr(std::min(kAlgorithm.size(), digest.size()));
  if (!digest.starts_with(kAlgorithm) || digits.size() != 64 ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    Refuse("'" + digest + "' is no sha256 digest");
  }
  return "blobs/sha256/" + digits;
}

std::unique_ptr<Layout> OpenLayout(const std::string& path) {
  struct stat file;
  if (stat(path.c_str(), &file) != 0) Refuse(path + ": " + strerror(errno));
  if (S_ISDIR(file.st_mode)) return std::make_unique<Directory>(path);
  return OpenArchive(path);
}

std::unique_ptr<Layout> MakeLayout(const std::string& path) {
  MakeDirectory(path);
  MakeDirectory(path + "/blobs");
  MakeDirectory(path + "/blobs/sha256");
  NewFile version(path + "/oci-layout");
  version.Write(R"({"imageLayoutVersion":"1.0.0"})");
  version.Keep();
  return std::make_unique<Directory>(path);
}

}  // namespace abishim::layer
