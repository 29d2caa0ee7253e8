// An OCI image layout in a tar archive. What is added is written to a new archive, which takes the
// old one's place when it is complete; every other entry is copied as it stands.
#include <functional>

#include "shim/layer/digest.h"
#include "shim/layer/files.h"
#include "shim/layer/layout.h"
#include "shim/layer/tar.h"

namespace abishim::layer {
namespace {

class Archive : public Layout {
 public:
  explicit Archive(const std::string& path) : path_(path), file_(path) { ReadEntries(); }

  const std::string& path() const override { return path_; }

  std::string Read(const std::string& name) const override {
    const Entry& entry = At(name);
    return file_.Read(entry.offset + kTarBlock, entry.size);
  }

  Sum SumOf(const std::string& name) const override {
    const Entry& entry = At(name);
    Sha256 sum;
    file_.Each(entry.offset + kTarBlock, entry.size,
               [&](std::string_view piece) { sum.Add(piece); });
    return {sum.Digest(), entry.size};
  }

  void Add(const std::map<std::string, std::string>& blobs, const std::string& index) override {
    NewFile archive(path_, file_.mode());
    const auto copy = [&](std::string_view piece) { archive.Write(piece); };
    const auto put = [&](const std::string& name, const std::string& bytes) {
      archive.Write(TarHeader(name, bytes.size(), 0644));
      archive.Write(bytes);
      archive.Write(TarPadding(bytes.size()));
    };
    for (const auto& [name, entry] : entries_) {
      if (name != "index.json") file_.Each(entry.offset, Length(entry.size), copy);
    }
    for (const auto& [digest, bytes] : blobs) {
      if (!entries_.contains(BlobName(digest))) put(BlobName(digest), bytes);
    }
    put("index.json", index);
    archive.Write(std::string(kTarEnd, '\0'));
    archive.Keep();
  }

 private:
  struct Entry {
    std::uint64_t offset, size;  // of the header; of the contents
  };

  static std::uint64_t Length(std::uint64_t size) {
    return kTarBlock + size + TarPadding(size).size();
  }

  void ReadEntries() {
    const std::string kEmpty(kTarBlock, '\0');
    for (std::uint64_t offset = 0; offset < file_.size();) {
      TarEntry entry;
      const std::string block =
          file_.Read(offset, std::min<std::uint64_t>(kTarBlock, file_.size() - offset));
      if (offset > 0 && block == kEmpty) return;
      if (!ParseTarHeader(block, &entry)) {
        Refuse(path_ + (offset == 0 ? ": neither a directory nor a tar archive (a compressed one "
                                      "must be unpacked before)"
                                    : ": broken tar archive"));
      }
      if (entry.type != '0' && entry.type != '5') {
        Refuse(path_ + ": '" + entry.name + "' is of a kind (" + entry.type +
               ") that no archived OCI layout needs");
      }
      if (entry.size > file_.size()) Refuse(path_ + ": ends too early");
      if (!entries_.emplace(entry.name, Entry{offset, entry.size}).second) {
        Refuse(path_ + ": '" + entry.name + "' is there twice");
      }
      offset += Length(entry.size);
    }
    Refuse(path_ + ": ends too early");
  }

  const Entry& At(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) Refuse(path_ + ": there is no " + name + " in it");
    return found->second;
  }

  std::string path_;
  File file_;
  std::map<std::string, Entry> entries_;
};

}  // namespace

std::unique_ptr<Layout> OpenArchive(const std::string& path) {
  return std::make_unique<Archive>(path);
}

}  // namespace abishim::layer
