// Tar archives (ustar): just enough to write a layer and to read and write an archived OCI layout.
#include "shim/layer/tar.h"

#include <algorithm>
#include <cstring>

namespace abishim::layer {
namespace {

struct Header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
  char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], unused[12];
};
static_assert(sizeof(Header) == kTarBlock);

// As if the checksum itself were spaces.
unsigned Checksum(Header header) {
  memset(header.checksum, ' ', sizeof header.checksum);
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  unsigned sum = 0;
  for (std::size_t i = 0; i < sizeof header; ++i) sum += bytes[i];
  return sum;
}

// All digits but the last byte, which stays NUL.
template <std::size_t kSize>
void PutOctal(char (&field)[kSize], std::uint64_t value) {
  for (std::size_t i = kSize - 1; i > 0; value /= 8) {
    field[--i] = static_cast<char>('0' + value % 8);
  }
}

// Digits, then a space or NUL. GNU's binary numbers (8 GiB and more) are not understood.
template <std::size_t kSize>
bool GetOctal(const char (&field)[kSize], std::uint64_t* value) {
  std::size_t i = 0;
  *value = 0;
  while (i < kSize && field[i] == ' ') ++i;
  const std::size_t first = i;
  for (; i < kSize && field[i] >= '0' && field[i] <= '7'; ++i) {
    *value = *value * 8 + static_cast<unsigned>(field[i] - '0');
  }
  return i > first && (i == kSize || field[i] == ' ' || field[i] == '\0');
}

template <std::size_t kSize>
std::string Text(const char (&field)[kSize]) {
  return {field, strnlen(field, kSize)};
}

}  // namespace

std::string TarHeader(const std::string& name, std::uint64_t size, unsigned mode) {
  Header header{};
  memcpy(header.name, name.data(), std::min(name.size(), sizeof header.name));
  PutOctal(header.mode, mode);
  PutOctal(header.uid, 0);
  PutOctal(header.gid, 0);
  PutOctal(header.size, size);
  PutOctal(header.mtime, 0);
  header.type = name.ends_with('/') ? '5' : '0';
  memcpy(header.magic, "ustar", 6);
  memcpy(header.version, "00", 2);
  PutOctal(header.checksum, Checksum(header));
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

std::string TarPadding(std::uint64_t size) {
  return std::string((kTarBlock - size % kTarBlock) % kTarBlock, '\0');
}

bool ParseTarHeader(std::string_view block, TarEntry* entry) {
  Header header;
  if (block.size() != sizeof header) return false;
  memcpy(&header, block.data(), sizeof header);
  std::uint64_t checksum;
  if (memcmp(header.magic, "ustar", 5) != 0 || !GetOctal(header.checksum, &checksum) ||
      checksum != Checksum(header) || !GetOctal(header.size, &entry->size)) {
    return false;
  }
  entry->name = Text(header.name);
  // GNU's own form (two spaces as version) has other things there.
  const std::string prefix = header.version[0] == '0' ? Text(header.prefix) : "";
  if (!prefix.empty()) entry->name = prefix + '/' + entry->name;
  if (entry->name.starts_with("./")) entry->name.erase(0, 2);
  entry->type = header.type == '\0' ? '0' : header.type;
  return true;
}

}  // namespace abishim::layer
