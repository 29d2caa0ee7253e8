#include <gtest/gtest.h>
#include <stdio.h>
#include <string.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tables/translate/generator.h"

namespace abishim::test {
namespace {

using translate::ChaCha;
using translate::Generator;

std::string Hex(const std::uint32_t (&block)[ChaCha::kBlock]) {
  unsigned char bytes[sizeof(block)];
  memcpy(bytes, block, sizeof(block));
  std::string text;
  char digits[3];
  for (const unsigned char byte : bytes) {
    snprintf(digits, sizeof(digits), "%02x", byte);
    text += digits;
  }
  return text;
}

// RFC 8439, appendix A.1: vectors 1, 2 (a key of zeros, blocks 0 and 1) and, with the key 00 ff
// 00..., its vector 4 (block 2).
TEST(ChaCha, GivesTheBlocksOfTheRfc) {
  std::uint32_t block[ChaCha::kBlock];
  ChaCha zeros({});
  zeros.Next(block);
  EXPECT_EQ(Hex(block),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
            "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
  zeros.Next(block);
  EXPECT_EQ(Hex(block),
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
            "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
  ChaCha other({0xff00});
  for (int i = 0; i < 3; ++i) other.Next(block);
  EXPECT_EQ(Hex(block),
            "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
            "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096");
}

std::string Text(const Generator::Key& key) {
  return {reinterpret_cast<const char*>(key), sizeof(key)};
}

TEST(Generator, HasNoKeyAtFirst) {
  Generator generator{};
  Generator::Key key;
  EXPECT_FALSE(generator.IsSeeded());
  EXPECT_FALSE(generator.Take(key));
}

// The second seed comes from another thread that was as late: what is in use is not put back.
TEST(Generator, IsSeededOnce) {
  Generator generator{};
  std::set<std::string> seen;
  Generator::Key key;
  for (int i = 0; i < 3; ++i) {
    generator.Seed({1, 2, 3});
    EXPECT_TRUE(generator.IsSeeded());
    for (int j = 0; j < 100; ++j) {
      ASSERT_TRUE(generator.Take(key));
      EXPECT_TRUE(seen.insert(Text(key)).second);
    }
  }
}

TEST(Generator, OtherSeedsGiveOtherKeys) {
  Generator one{}, other{};
  one.Seed({1});
  other.Seed({2});
  Generator::Key first, second;
  ASSERT_TRUE(one.Take(first) && other.Take(second));
  EXPECT_NE(Text(first), Text(second));
}

// More threads than processors, so some are interrupted with a place in their hands.
TEST(Generator, NoTwoThreadsGetTheSame) {
  constexpr int kThreads = 6, kEach = 20'000;
  Generator generator{};
  generator.Seed({4, 5, 6});
  std::vector<std::vector<std::string>> taken(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : taken) {
    threads.emplace_back([&] {
      Generator::Key key;
      while (mine.size() < kEach) {
        if (generator.Take(key)) mine.push_back(Text(key));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : taken) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), size_t{kThreads} * kEach);
}

}  // namespace
}  // namespace abishim::test
