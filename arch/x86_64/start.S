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
// In: rdi = stack, rsi = entry. Does not return. All other registers are zero; rdx is what ld.so and
// libc would register with atexit.
        .globl  abishim_enter
        .hidden abishim_enter
        .type   abishim_enter, @function
abishim_enter:
        .cfi_startproc
        .cfi_undefined rip
        pushq   $0x202
        popfq                                   // no arithmetic from here on
        mov     %rdi, %rsp
        mov     %rsi, -8(%rsp)
        mov     $0, %eax
        mov     $0, %ebx
        mov     $0, %ecx
        mov     $0, %edx
        mov     $0, %esi
        mov     $0, %edi
        mov     $0, %ebp
        mov     $0, %r8d
        mov     $0, %r9d
        mov     $0, %r10d
        mov     $0, %r11d
        mov     $0, %r12d
        mov     $0, %r13d
        mov     $0, %r14d
        mov     $0, %r15d
        jmp     *-8(%rsp)
        .cfi_endproc
        .size   abishim_enter, . - abishim_enter

        .section .note.GNU-stack, "", @progbits
