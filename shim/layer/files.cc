#include "shim/layer/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "shim/command/failure.h"

namespace abishim::layer {
namespace {

[[noreturn]] void RefuseFile(const std::string& path) { Refuse(path + ": " + strerror(errno)); }

}  // namespace

void Refuse(const std::string& line) { throw command::Failure(1, line); }

File::File(const std::string& path)
    : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct stat file;
  if (fd_ < 0 || fstat(fd_, &file) != 0) RefuseFile(path);
  if (!S_ISREG(file.st_mode)) {
    close(fd_);
    Refuse(path + ": not a regular file");
  }
  size_ = static_cast<std::uint64_t>(file.st_size);
  mode_ = file.st_mode & 07777;
}

File::~File() { close(fd_); }

void File::Each(std::uint64_t offset, std::uint64_t size,
                const std::function<void(std::string_view)>& take) const {
  std::string piece(std::min<std::uint64_t>(size, 1 << 20), '\0');
  while (size > 0) {
    const ssize_t got = pread(fd_, piece.data(), std::min<std::uint64_t>(size, piece.size()),
                              static_cast<off_t>(offset));
    if (got < 0) RefuseFile(path_);
    if (got == 0) Refuse(path_ + ": ends too early");
    take({piece.data(), static_cast<std::size_t>(got)});
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::uint64_t>(got);
  }
}

std::string File::Read(std::uint64_t offset, std::uint64_t size) const {
  std::string bytes;
  Each(offset, size, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

std::string ReadFile(const std::string& path) {
  const File file(path);
  return file.Read(0, file.size());
}

NewFile::NewFile(const std::string& path, unsigned mode)
    : path_(path), temporary_(path + ".XXXXXX"), fd_(mkostemp(temporary_.data(), O_CLOEXEC)) {
  if (fd_ < 0 || fchmod(fd_, mode) != 0) RefuseFile(path);
}

NewFile::~NewFile() {
  close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void NewFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno != EINTR) RefuseFile(path_);
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void NewFile::Keep() {
  if (fsync(fd_) != 0 || rename(temporary_.c_str(), path_.c_str()) != 0) RefuseFile(path_);
  temporary_.clear();
}

}  // namespace abishim::layer
