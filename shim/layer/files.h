// Files of a layout or archive: read whole or in part, and written so that they are there whole or
// not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace abishim::layer {

// An image, archive or option that is not what it must be: one line, exit status 1.
[[noreturn]] void Refuse(const std::string& line);

class File {
 public:
  // Refuses what cannot be opened.
  explicit File(const std::string& path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::uint64_t size() const { return size_; }
  unsigned mode() const { return mode_; }
  // Hands out the bytes from `offset` on, in pieces. Refuses a file that ends before.
  void Each(std::uint64_t offset, std::uint64_t size,
            const std::function<void(std::string_view)>& take) const;
  std::string Read(std::uint64_t offset, std::uint64_t size) const;

 private:
  std::string path_;
  int fd_;
  std::uint64_t size_ = 0;
  unsigned mode_ = 0;
};

std::string ReadFile(const std::string& path);

// A file in the making beside `path`. It takes its name, and the place of a file that had it, by
// Keep(); else it is gone.
class NewFile {
 public:
  explicit NewFile(const std::string& path, unsigned mode = 0644);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  void Write(std::string_view bytes);
  void Keep();

 private:
  std::string path_, temporary_;
  int fd_;
};

}  // namespace abishim::layer
