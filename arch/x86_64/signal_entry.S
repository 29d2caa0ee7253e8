// The handler of the signals that are ours: SIGSYS, SIGSEGV, SIGBUS.

        .text

// void abishim_signal_entry(int signal, siginfo_t*, ucontext_t*), called by the kernel.
// In: rdi, rsi, rdx; (%rsp) = restorer. Out: either returns to the restorer that abishim_on_signal
// left at (%rsp), or jumps to the program's own handler with registers and stack as the kernel would
// have called it. Clobbers: what any handler may.
        .globl  abishim_signal_entry
        .hidden abishim_signal_entry
        .type   abishim_signal_entry, @function
abishim_signal_entry:
        .cfi_startproc
        mov     %rsp, %rcx                      // where the return address stands
        push    %rdi
        .cfi_adjust_cfa_offset 8
        push    %rsi
        .cfi_adjust_cfa_offset 8
        push    %rdx
        .cfi_adjust_cfa_offset 8
        call    abishim_on_signal
        .globl  abishim_signal_return
        .hidden abishim_signal_return
abishim_signal_return:
        pop     %rdx
        .cfi_adjust_cfa_offset -8
        pop     %rsi
        .cfi_adjust_cfa_offset -8
        pop     %rdi
        .cfi_adjust_cfa_offset -8
        test    %rax, %rax
        jz      1f
        mov     %rax, %r11
        xor     %eax, %eax                      // as the kernel has it for variadic handlers
        jmp     *%r11
1:      ret
        .cfi_endproc
        .size   abishim_signal_entry, . - abishim_signal_entry

        .section .note.GNU-stack, "", @progbits
