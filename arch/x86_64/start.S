// The library as a program: the loader (shim/exec/loader).

        .text

// Where the kernel starts it. In: rsp = argc, argv, envp, auxv. Does not return.
        .globl  abishim_start
        .hidden abishim_start
        .type   abishim_start, @function
abishim_start:
        .cfi_startproc
        .cfi_undefined rip
        xor     %ebp, %ebp
        mov     %rsp, %rdi
        and     $-16, %rsp
        call    abishim_on_start
        hlt
        .cfi_endproc
        .size   abishim_start, . - abishim_start

// void abishim_enter(void* stack, void* entry): as the kernel starts a program.
// In: rdi = stack, rsi = entry. Does not return. All other registers are zero; rdx is
// what ld.so and libc would register with atexit.
        .globl  abishim_enter
        .hidden abishim_enter
        .type   abishim_enter, @function
abishim_enter:
        .cfi_startproc
        .cfi_undefined rip
        mov     %rdi, %rsp
        mov     %rsi, -16(%rsp)
        xor     %eax, %eax
        xor     %ebx, %ebx
        xor     %ecx, %ecx
        xor     %edx, %edx
        xor     %esi, %esi
        xor     %edi, %edi
        xor     %ebp, %ebp
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        xor     %r10d, %r10d
        xor     %r11d, %r11d
        xor     %r12d, %r12d
        xor     %r13d, %r13d
        xor     %r14d, %r14d
        xor     %r15d, %r15d
        pushq   $0x202                          // the flags of a new program
        popfq
        jmp     *-16(%rsp)
        .cfi_endproc
        .size   abishim_enter, . - abishim_enter

        .section .note.GNU-stack, "", @progbits
