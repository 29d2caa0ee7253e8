// Copy of program memory that survives a bad pointer.

        .text

// unsigned long abishim_copy(void* to, const void* from, unsigned long bytes)
// In: rdi = to, rsi = from, rdx = bytes. Out: rax = bytes that were not copied.
// Clobbers: rcx, rdi, rsi, flags.
// A fault can only be at abishim_copy_access, where rcx counts what is left: the handler of SIGSEGV
// and SIGBUS goes on at abishim_copy_resume. Or from abishim_copy_word on, where nothing is done yet:
// it goes on at abishim_copy_access. (One word, as most copies are, by `rep movsb` is 10 ns more.)
        .globl  abishim_copy, abishim_copy_access, abishim_copy_resume
        .globl  abishim_copy_word, abishim_copy_word_end
        .hidden abishim_copy, abishim_copy_access, abishim_copy_resume
        .hidden abishim_copy_word, abishim_copy_word_end
        .type   abishim_copy, @function
abishim_copy:
        .cfi_startproc
        mov     %rdx, %rcx
        cmp     $8, %rdx
        jne     abishim_copy_access
abishim_copy_word:
        mov     (%rsi), %rax
        mov     %rax, (%rdi)
abishim_copy_word_end:
        xor     %eax, %eax
        ret
abishim_copy_access:
        rep movsb
abishim_copy_resume:
        mov     %rcx, %rax
        ret
        .cfi_endproc
        .size   abishim_copy, . - abishim_copy

        .section .note.GNU-stack, "", @progbits
