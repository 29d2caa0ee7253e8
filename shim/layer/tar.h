// Tar archives (ustar): just enough to write a layer and to read and write an archived OCI layout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace abishim::layer {

inline constexpr std::size_t kTarBlock = 512;
// What ends an archive.
inline constexpr std::size_t kTarEnd = 2 * kTarBlock;

// The header of an entry that belongs to root and has no date, so that equal contents are equal
// bytes. A directory's name ends in '/'. Names have at most 100 bytes.
std::string TarHeader(const std::string& name, std::uint64_t size, unsigned mode);

// The zeros that follow so many bytes of contents.
std::string TarPadding(std::uint64_t size);

struct TarEntry {
  std::string name;  // without a leading "./"
  char type;         // '0': file, '5': directory, 'x' and 'g': remarks on what follows, ...
  std::uint64_t size;
};

// False when the block is no header of a tar archive.
bool ParseTarHeader(std::string_view block, TarEntry* entry);

}  // namespace abishim::layer
