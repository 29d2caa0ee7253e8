// The gate: the only `syscall` instructions that the filter lets through for trapped numbers. A page
// of its own, so that the filter can name it by the instruction pointer; gate_exec.S is its end.

        .section .gate, "ax", @progbits
        .balign 4096
        .globl  abishim_gate_page
        .hidden abishim_gate_page
abishim_gate_page:

// long abishim_gate(long nr, long a, long b, long c, long d, long e, long f)
// In: rdi = nr, rsi rdx rcx r8 r9 = a..e, 8(%rsp) = f. Out: rax = result or -errno.
// Clobbers: rcx, r11 (by syscall), rdi, rsi, rdx, r8, r9, r10.
        .globl  abishim_gate
        .hidden abishim_gate
        .type   abishim_gate, @function
abishim_gate:
        .cfi_startproc
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %rdx
        mov     %r8, %r10
        mov     %r9, %r8
        mov     8(%rsp), %r9
        syscall
        .globl  abishim_gate_caller
        .hidden abishim_gate_caller
abishim_gate_caller:                            // the caller that filters see
        ret
        .cfi_endproc
        .size   abishim_gate, . - abishim_gate

// Where a signal handler returns to. Unwinders and debuggers know a signal frame by exactly these
// nine bytes: mov $15, %rax (the long form); syscall. No unwind description, or they would use that.
// In: rsp = the ucontext. Does not return.
        .balign 16
        .globl  abishim_restorer
        .hidden abishim_restorer
        .type   abishim_restorer, @function
abishim_restorer:
        .byte   0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00
        syscall
        .size   abishim_restorer, . - abishim_restorer

// The one call that answers a patched site's (site_entry.S): jumped to, and goes on at
// abishim_site_called. Beside what follows it: here, too, rsp = struct Ucontext of the site.
// (From within C++ it would cost 20 ns more: after a call each return is predicted wrongly.)
        .balign 16
        .globl  abishim_call
        .hidden abishim_call
        .type   abishim_call, @function
abishim_call:
        syscall
        jmp     abishim_site_called
        .size   abishim_call, . - abishim_call

// The last step of a patched site's call that kept signals out (site_entry.S): jumped to.
// In: registers for rt_sigprocmask(2); rsp = struct Ucontext of the site. Clobbers: rax, rcx, r11.
// Goes on at abishim_site_left. What waited arrives at abishim_left, where the nine bytes tell
// unwinders that a signal frame is at rsp, and so they go on in the program. The call that they are
// is not made: the filter answers it with 0.
        .balign 16
        .globl  abishim_leave, abishim_left
        .hidden abishim_leave, abishim_left
        .type   abishim_leave, @function
abishim_leave:
        syscall
abishim_left:
        .byte   0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00
        syscall
        jmp     abishim_site_left
        .size   abishim_leave, . - abishim_leave

        .section .note.GNU-stack, "", @progbits
