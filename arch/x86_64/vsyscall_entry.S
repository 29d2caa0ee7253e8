// Where patched calls of the vsyscall page arrive (patch_site.cc replaces the page's address by
// these): the vDSO's functions, called by way of abishim_vsyscall.

        .text

        .set    COUNTERS, 24            // struct VsyscallTargets of vsyscall_page.h
        .set    RESULTS, 64             // on the stack, below the arguments

// In: rdi rsi rdx = the arguments, the stack in any alignment. Out: rax. Clobbers what a C function
// may, as the page itself did before 3.1, but keeps rdi and rsi.
//
// The vDSO writes to our stack, and we write to the program's pointers: in abishim_vsyscall_put_*
// alone, where rdi = the pointer, edx = how many bytes, rbp = the frame {rbp, caller}, below it rdi,
// rsi, rdx. So a fault there can be told as the page itself tells it.
        .macro  ENTRY which, name
        .balign 64
        .globl  abishim_vsyscall_\name
        .hidden abishim_vsyscall_\name
        .type   abishim_vsyscall_\name, @function
abishim_vsyscall_\name:
        push    %rbp
        mov     %rsp, %rbp
        push    %rdi
        push    %rsi
        push    %rdx
        mov     abishim_vsyscall+COUNTERS+8*\which(%rip), %rcx
        test    %rcx, %rcx
        jz      1f
        lock incq (%rcx)
1:      sub     $RESULTS-24, %rsp
        and     $-16, %rsp
        .endm
        .macro  VDSO    which
        call    *abishim_vsyscall+8*\which(%rip)
        mov     -8(%rbp), %rdi
        .endm
        .macro  PUT name
        .globl  abishim_vsyscall_put_\name
        .hidden abishim_vsyscall_put_\name
abishim_vsyscall_put_\name:
        .endm

        .globl  abishim_vsyscall_end
        .hidden abishim_vsyscall_end

        ENTRY   1, time
        xor     %edi, %edi
        VDSO    1
        test    %rdi, %rdi
        jnz     abishim_vsyscall_put_time
        leave
        ret

        ENTRY   0, gettimeofday
        mov     %rsp, %rdi              // struct timeval
        lea     16(%rsp), %rsi          // struct timezone
        VDSO    0
        jmp     abishim_vsyscall_put_gettimeofday

        ENTRY   2, getcpu
        mov     %rsp, %rdi
        lea     4(%rsp), %rsi
        xor     %edx, %edx              // a cache of 2.6.19 to 2.6.23
        VDSO    2
        jmp     abishim_vsyscall_put_getcpu

        PUT     gettimeofday
        test    %rdi, %rdi
        jz      1f
        mov     (%rsp), %rcx
        mov     8(%rsp), %rsi
        mov     $16, %edx
        mov     %rcx, (%rdi)
        mov     %rsi, 8(%rdi)
1:      mov     -16(%rbp), %rdi
        test    %rdi, %rdi
        jz      3f
        mov     16(%rsp), %rcx
        mov     $8, %edx
        mov     %rcx, (%rdi)
        jmp     3f

        PUT     time
        mov     $8, %edx
        mov     %rax, (%rdi)
        jmp     3f

        PUT     getcpu
        mov     $4, %edx
        test    %rdi, %rdi
        jz      1f
        mov     (%rsp), %ecx
        mov     %ecx, (%rdi)
1:      mov     -16(%rbp), %rdi
        test    %rdi, %rdi
        jz      3f
        mov     4(%rsp), %ecx
        mov     %ecx, (%rdi)
3:      mov     -8(%rbp), %rdi
        mov     -16(%rbp), %rsi
        leave
        ret
abishim_vsyscall_end:

        .section .note.GNU-stack, "", @progbits
