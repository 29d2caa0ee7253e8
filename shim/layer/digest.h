// SHA-256, by libmd.
#pragma once

#include <sha2.h>

#include <string>
#include <string_view>

namespace abishim::layer {

class Sha256 {
 public:
  Sha256() { SHA256Init(&context_); }
  void Add(std::string_view bytes) {
    SHA256Update(&context_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  // As OCI writes it: "sha256:" and 64 digits. Once.
  std::string Digest() {
    char text[SHA256_DIGEST_STRING_LENGTH];
    return std::string("sha256:") + SHA256End(&context_, text);
  }

 private:
  SHA2_CTX context_;
};

inline std::string DigestOf(std::string_view bytes) {
  Sha256 sum;
  sum.Add(bytes);
  return sum.Digest();
}

}  // namespace abishim::layer
