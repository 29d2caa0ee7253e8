// A call site as compilers make it, of a call that a plan answers by itself: mlock2 with an unknown
// flag is EINVAL.
#pragma once

[[gnu::noinline]] inline long Mlock2() {
  long result;
  asm volatile("nop; nop; nop; mov $325, %%eax; syscall"
               : "=a"(result)
               : "D"(0), "S"(0), "d"(0x80)
               : "rcx", "r11", "memory");
  return result;
}
