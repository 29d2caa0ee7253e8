#include "shim/exec/loader/memory_map.h"

#include <linux/personality.h>
#include <linux/prctl.h>

#include "shim/image/image.h"
#include "shim/memory/host.h"

namespace abishim::exec {
namespace {

// Behind the program, with a gap as the kernel leaves it. One that lies among the mappings keeps
// the heap that the kernel gave the loader, which lay there as well.
Word HeapOf(const Mapped& program, bool fixed) {
  constexpr Word kPages = 0x2000;  // 32 MiB
  constexpr Word kAsk = 0xffffffff;
  const Word end = PageUp(program.end) + kPage;
  if (!fixed && program.bias > arch::kProgramBase + (kPage << arch::kProgramRandomBits)) {
    return static_cast<Word>(HostCall<"brk">(0));
  }
  if ((HostCall<"personality">(kAsk) & ADDR_NO_RANDOMIZE) != 0) return end;
  return end + image::RandomWord() % kPages * kPage;
}

}  // namespace

void DescribeMemory(const Mapped& program, const Stack& stack, const char* environment_end) {
  const auto address = [](const void* at) { return reinterpret_cast<Word>(at); };
  const Word heap = HeapOf(program, program.bias == 0);
  const Word strings = address(stack.envp()[0] != nullptr ? stack.envp()[0] : environment_end);
  const prctl_mm_map map{
      .start_code = program.code,
      .end_code = program.code_end,
      .start_data = program.data,
      .end_data = program.data_end,
      .start_brk = heap,
      .brk = heap,
      .start_stack = address(stack.start()),
      .arg_start = stack.argc() > 0 ? address(stack.argv()[0]) : strings,
      .arg_end = strings,
      .env_start = strings,
      .env_end = address(environment_end),
      .auxv = reinterpret_cast<decltype(prctl_mm_map::auxv)>(stack.auxv()),
      .auxv_size = static_cast<unsigned>(stack.auxv_words() * sizeof(Word)),
      .exe_fd = ~0u,
  };
  HostCall<"prctl">(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
}

}  // namespace abishim::exec
