// Exits with 0 when every register is as after an exec: zero but for rsp and the flags.
        .globl  _start
_start:
        pushfq
        or      %rbx, %rax
        or      %rcx, %rax
        or      %rdx, %rax
        or      %rsi, %rax
        or      %rdi, %rax
        or      %rbp, %rax
        or      %r8, %rax
        or      %r9, %rax
        or      %r10, %rax
        or      %r11, %rax
        or      %r12, %rax
        or      %r13, %rax
        or      %r14, %rax
        or      %r15, %rax
        pop     %rcx
        mov     $1, %edi
        test    %rax, %rax
        jnz     1f
        mov     $2, %edi
        cmp     $0x202, %rcx
        jne     1f
        xor     %edi, %edi
1:      mov     $60, %eax
        syscall
        .section .note.GNU-stack, "", @progbits
