// The functions of libc and of this program, as their own tables have them.
#include "shim/patch/functions.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cstring>

#include "registers.h"  // arch/ARCH
#include "shim/patch/sites.h"

namespace abishim::patch {
namespace {

Word All(Word, Word bytes) { return bytes; }
Word Nothing(Word, Word) { return 0; }

Word LibcStart() {
  Dl_info info;
  return dladdr(dlsym(RTLD_DEFAULT, "syscall"), &info) != 0 ? reinterpret_cast<Word>(info.dli_fbase)
                                                            : 0;
}

// Of libc.
struct TextOfLibc {
  Word start = 0, end = 0;

  TextOfLibc() { dl_iterate_phdr(Look, this); }
  static int Look(dl_phdr_info* info, std::size_t, void* to) {
    auto* text = static_cast<TextOfLibc*>(to);
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& segment = info->dlpi_phdr[i];
      if (info->dlpi_addr != LibcStart() || segment.p_type != PT_LOAD) continue;
      if ((segment.p_flags & PF_X) == 0) continue;
      text->start = info->dlpi_addr + segment.p_vaddr;
      text->end = text->start + segment.p_filesz;
    }
    return 0;
  }
};

TEST(PatchFunctions, AreThoseOfLibc) {
  const Functions functions(LibcStart(), All);
  const TextOfLibc text;
  EXPECT_TRUE(functions.Know(text.end - text.start));
  EXPECT_FALSE(functions.Know(1ul << 30));  // too few for so much
  const Word start = reinterpret_cast<Word>(dlsym(RTLD_DEFAULT, "syscall"));
  EXPECT_TRUE(functions.Begin(start, start));
  EXPECT_FALSE(functions.Begin(start + 1, start + 1));
  // mov 8(%rsp), %r9 and then the call, somewhere in it.
  const char bytes[] = "\x4c\x8b\x4c\x24\x08\x0f\x05";
  const void* const call = memmem(reinterpret_cast<void*>(start), 64, bytes, sizeof(bytes) - 1);
  ASSERT_NE(call, nullptr);
  const Word at = reinterpret_cast<Word>(call);
  EXPECT_TRUE(functions.Begin(at, at + 5));
  EXPECT_FALSE(functions.Begin(at + 1, at + 5));
  EXPECT_FALSE(functions.Begin(at, at + 4));
}

// Each site that the scan finds in libc is one. (A handler's way back is described as a part of
// what it interrupted.)
TEST(PatchFunctions, HoldEverySiteOfLibc) {
  const Functions functions(LibcStart(), All);
  const TextOfLibc text;
  ASSERT_NE(text.start, 0u);
  unsigned char wanted[512];
  memset(wanted, 1, sizeof(wanted));
  wanted[15] = 0;  // rt_sigreturn
  Sites sites(reinterpret_cast<unsigned char*>(text.start),
              reinterpret_cast<unsigned char*>(text.end), text.start, wanted, 512);
  int found = 0, left = 0;
  for (Seen seen; sites.Next(&seen);) {
    if (seen.site.shape == arch::Shape::kNone) continue;
    ++found;
    left += !functions.Begin(seen.site.start, seen.site.end - arch::kSyscallBytes);
  }
  EXPECT_GT(found, 200);
  EXPECT_EQ(left, 0);
}

TEST(PatchFunctions, AreNoneOutsideOfTheTable) {
  const Functions functions(LibcStart(), All);
  const TextOfLibc text;
  EXPECT_FALSE(functions.Begin(text.start - 4096, text.start - 4096));
  EXPECT_FALSE(functions.Begin(text.end + (64ul << 20), text.end + (64ul << 20)));
}

TEST(PatchFunctions, AreNotKnownWhereNothingCanBeRead) {
  EXPECT_FALSE(Functions(LibcStart(), Nothing).Know(1));
  EXPECT_FALSE(Functions(0, All).Know(1));
  const unsigned char junk[4096] = {0x7f, 'E', 'L', 'G'};
  EXPECT_FALSE(Functions(reinterpret_cast<Word>(junk), All).Know(1));
}

}  // namespace
}  // namespace abishim::patch
