// Call sites found in text that has not run.
#include "shim/patch/sites.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace abishim::patch {
namespace {

using Bytes = std::vector<unsigned char>;
constexpr int kNumbers = 512;
constexpr Word kAddress = 0x7f0000001000;
constexpr long kGetrandom = 318, kStatx = 332, kRead = 0;

void Append(Bytes* to, const Bytes& more) { to->insert(to->end(), more.begin(), more.end()); }
Bytes MovEax(long nr) {
  return {0xb8, static_cast<unsigned char>(nr), static_cast<unsigned char>(nr >> 8), 0, 0};
}
const Bytes kNops(32, 0x90), kCall = {0x0f, 0x05, 0xc3};

struct Text {
  Bytes bytes = kNops;
  unsigned char wanted[kNumbers] = {};

  Text() { wanted[kGetrandom] = wanted[kStatx] = 1; }
  // Where it begins.
  Word Add(const Bytes& before) {
    const Word at = kAddress + bytes.size();
    Append(&bytes, before);
    Append(&bytes, kCall);
    Append(&bytes, kNops);
    return at;
  }
  std::vector<Seen> Find(std::size_t from = 0) const {
    std::vector<Seen> all;
    // (Exactly as long as it is: a sanitizer sees every byte too far.)
    Sites sites(bytes.data() + from, bytes.data() + bytes.size(), kAddress + from, wanted,
                kNumbers);
    for (Seen seen; sites.Next(&seen);) all.push_back(seen);
    return all;
  }
};

TEST(PatchSites, AreThoseOfPlannedNumbers) {
  Text text;
  const Word first = text.Add(MovEax(kGetrandom));
  text.Add(MovEax(kRead));
  const Word second = text.Add({0x48, 0xc7, 0xc0, 0x4c, 0x01, 0, 0});
  const auto all = text.Find();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].nr, kGetrandom);
  EXPECT_EQ(all[0].site.shape, arch::Shape::kNumber);
  EXPECT_EQ(all[0].site.start, first);
  EXPECT_EQ(all[0].site.end, first + 7);
  EXPECT_EQ(all[1].nr, kStatx);
  EXPECT_EQ(all[1].site.start, second);
  EXPECT_EQ(all[1].site.end, second + 9);
}

TEST(PatchSites, AreFoundAtEveryAlignment) {
  for (int shift = 0; shift < 9; ++shift) {
    Text text;
    Append(&text.bytes, Bytes(static_cast<std::size_t>(shift), 0x90));
    const Word at = text.Add(MovEax(kStatx));
    const auto all = text.Find();
    ASSERT_EQ(all.size(), 1u) << shift;
    EXPECT_EQ(all[0].site.start, at);
  }
}

// libc's syscall(), and the cancellable calls of a thread that is alone (glibc 2.41).
TEST(PatchSites, OfAnyNumberHaveNone) {
  for (const Bytes& move : {Bytes{0x4c, 0x8b, 0x4c, 0x24, 0x08}, {0x48, 0x8b, 0x44, 0x24, 0x10}}) {
    Text text;
    const Word at = text.Add(move);
    const auto all = text.Find();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].nr, -1);
    EXPECT_EQ(all[0].site.shape, arch::Shape::kShared);
    EXPECT_EQ(all[0].site.start, at);
    EXPECT_EQ(memcmp(all[0].site.moved, move.data(), move.size()), 0);
  }
}

// The number is loaded, and something else before the call: told, and left alone.
TEST(PatchSites, OfOtherShapesAreTold) {
  Text text;
  Bytes load = MovEax(kStatx);
  Append(&load, {0x8b, 0x7c, 0x24, 0x08});
  text.Add(load);
  const auto all = text.Find();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].nr, kStatx);
  EXPECT_EQ(all[0].site.shape, arch::Shape::kNone);
}

// movl $332, -0x48(%rbp) ends in the bytes of a load; and so does what stores into what rax points
// at.
TEST(PatchSites, AreNoneInTheMiddleOfAnotherInstruction) {
  Text text;
  Bytes store = {0xc7, 0x45};
  Append(&store, MovEax(kStatx));
  text.Add(store);
  for (const Seen& seen : text.Find()) EXPECT_EQ(seen.site.shape, arch::Shape::kNone);
}

// What stands before the text is not known, and might be the beginning of another instruction.
TEST(PatchSites, AtTheBeginningOfTheTextAreLeft) {
  Text text;
  text.Add(MovEax(kStatx));
  constexpr std::size_t kFewest = 5 + 14;  // one that began before them all would be too long
  const std::size_t call = kNops.size() + 5, last = call - kFewest;
  for (std::size_t from = last + 1; from < text.bytes.size(); ++from) {
    for (const Seen& seen : text.Find(from)) EXPECT_EQ(seen.site.shape, arch::Shape::kNone) << from;
  }
  ASSERT_EQ(text.Find(last).size(), 1u);
  EXPECT_EQ(text.Find(last)[0].site.shape, arch::Shape::kNumber);
}

TEST(PatchSites, EndWithTheText) {
  Text text;
  text.Add(MovEax(kStatx));
  const std::size_t whole = kNops.size() + 7;
  text.bytes.resize(whole);
  EXPECT_EQ(text.Find().size(), 1u);
  text.bytes.resize(whole - 1);
  EXPECT_EQ(text.Find().size(), 0u);
  text.bytes.clear();
  EXPECT_EQ(text.Find().size(), 0u);
}

}  // namespace
}  // namespace abishim::patch
