// Random bytes where the kernel's can no longer be had: ChaCha20 with keys that the kernel's bytes
// made while they could. A key is replaced before what comes from it is given away, so whoever
// reads the state later does not learn what was given before. Lost against the kernel's own
// generator: nothing new is ever mixed in, and a machine's snapshot that is started twice goes on
// twice with the same.
#pragma once

#include <atomic>
#include <cstdint>

#include "tables/result.h"

namespace abishim::translate {

// RFC 8439's block function with a 64-bit counter from 0 and no nonce: each key is used once.
class ChaCha {
 public:
  static constexpr int kKey = 8, kBlock = 16;  // 32-bit words

  explicit ChaCha(const std::uint32_t (&key)[kKey]) {
    constexpr std::uint32_t kConstants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (int i = 0; i < 4; ++i) input_[i] = kConstants[i];
    for (int i = 0; i < kKey; ++i) input_[4 + i] = key[i];
    for (int i = 12; i < kBlock; ++i) input_[i] = 0;
  }
  ~ChaCha() { Wipe(input_); }
  ChaCha(const ChaCha&) = delete;
  ChaCha& operator=(const ChaCha&) = delete;

  void Next(std::uint32_t (&block)[kBlock]) {
    __builtin_memcpy(block, input_, sizeof(block));
    for (int round = 0; round < 20; round += 2) {
      for (int i = 0; i < 4; ++i) Quarter(block[i], block[4 + i], block[8 + i], block[12 + i]);
      for (int i = 0; i < 4; ++i) {
        Quarter(block[i], block[4 + (i + 1) % 4], block[8 + (i + 2) % 4], block[12 + (i + 3) % 4]);
      }
    }
    for (int i = 0; i < kBlock; ++i) block[i] += input_[i];
    if (++input_[12] == 0) ++input_[13];
  }

  template <class T>
  static void Wipe(T& secret) {
    __builtin_memset(&secret, 0, sizeof(secret));
    asm volatile("" : : "r"(&secret) : "memory");
  }

 private:
  static std::uint32_t Left(std::uint32_t word, int bits) {
    return word << bits | word >> (32 - bits);
  }
  static void Quarter(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d) {
    a += b, d = Left(d ^ a, 16);
    c += d, b = Left(b ^ c, 12);
    a += b, d = Left(d ^ a, 8);
    c += d, b = Left(b ^ c, 7);
  }

  std::uint32_t input_[kBlock];
};

// Zeroed memory is one that has no key yet. Any number of threads may use it at once, and who is
// killed in between (a vfork child) takes one of its places along, not a lock.
class Generator {
 public:
  using Key = std::uint32_t[ChaCha::kKey];

  bool IsSeeded() const { return places_[0].state.load(std::memory_order_acquire) != kEmpty; }

  void Seed(const Key& seed) {
    ChaCha stream(seed);
    std::uint32_t block[ChaCha::kBlock];
    // The first last: it is what IsSeeded looks at.
    for (int i = kPlaces - 1; i >= 0; --i) {
      stream.Next(block);
      unsigned empty = kEmpty;
      if (!places_[i].state.compare_exchange_strong(empty, kTaken)) continue;
      __builtin_memcpy(places_[i].key, block, sizeof(Key));
      places_[i].state.store(kReady, std::memory_order_release);
    }
    ChaCha::Wipe(block);
  }

  // A key that nobody else gets, now or later. False: there is none.
  bool Take(Key& key) {
    for (Place& place : places_) {
      unsigned ready = kReady;
      if (!place.state.compare_exchange_strong(ready, kTaken, std::memory_order_acquire)) continue;
      {
        ChaCha stream(place.key);
        std::uint32_t block[ChaCha::kBlock];
        stream.Next(block);
        __builtin_memcpy(place.key, block, sizeof(Key));
        __builtin_memcpy(key, block + ChaCha::kKey, sizeof(Key));
        ChaCha::Wipe(block);
      }
      place.state.store(kReady, std::memory_order_release);
      return true;
    }
    return false;
  }

 private:
  static constexpr unsigned kEmpty = 0, kReady = 1, kTaken = 2;
  static constexpr int kPlaces = 8;
  struct Place {
    std::atomic<unsigned> state;
    Key key;
  };
  Place places_[kPlaces];
};

}  // namespace abishim::translate
