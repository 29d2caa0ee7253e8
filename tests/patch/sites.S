// Call sites that nobody ever went through: every shape, at every alignment, of calls that are translated on an old
// host. sites: their addresses, {begin, syscall instruction, number} each; SITES of them.

        .set    SITES, 4000
        .section .data.rel.ro, "aw"
        .balign 8
        .globl  sites
sites:
        .text
        .balign 4096
        .set    i, 0
        .rept   SITES
        .pushsection .data.rel.ro, "aw"
        .quad   1f, 2f
        .set    kind, (i % 5)
        .if     kind == 0
        .set    nr, 318                         // getrandom
        .elseif kind == 1
        .set    nr, 326                         // copy_file_range
        .elseif kind == 2
        .set    nr, 14                          // rt_sigprocmask
        .else
        .set    nr, 325                         // mlock2
        .endif
        .quad   nr
        .popsection
        .skip   1 + (i * 7) % 61, 0x90
1:      .if     (i % 4) == 3
        mov     $nr, %rax                       // the long form
        .elseif (i % 16) == 5 && nr == 325
        mov     $0x80, %edx                     // an argument; rax has the number already
        mov     %rax, %rax
        .elseif (i % 16) == 6
        mov     $nr, %eax                       // with others behind it
        mov     %rdx, %rdx
        xor     %ebp, %ebp
        mov     $0x1111, %ebp
        .else
        mov     $nr, %eax
        .endif
2:      syscall
        ret
        .set    i, i + 1
        .endr

        .section .data.rel.ro, "aw"
        .globl  site_count
site_count:
        .quad   SITES

        .text
// void call_site(struct call*)
// In: rdi = struct call of sites.h. The red zone of the site holds two words when it is called.
        .globl  call_site
        .type   call_site, @function
call_site:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rdi, %rbx
        mov     $0x1111, %ebp
        mov     $0x2222, %r12d
        mov     $0x3333, %r13d
        mov     $0x4444, %r14d
        mov     $0x5555, %r15d
        mov     8(%rbx), %rax
        mov     24(%rbx), %rsi
        mov     32(%rbx), %rdx
        mov     40(%rbx), %r10
        mov     48(%rbx), %r8
        mov     56(%rbx), %r9
        mov     16(%rbx), %rdi
        movq    $0x7777, -16(%rsp)              // red zone of the site
        movq    $0x8888, -128(%rsp)
        call    *(%rbx)
        mov     %rax, 64(%rbx)
        mov     -16(%rsp), %rax
        mov     %rax, 136(%rbx)
        mov     -128(%rsp), %rax
        mov     %rax, 144(%rbx)
        mov     %rdi, 72(%rbx)
        mov     %rsi, 80(%rbx)
        mov     %rdx, 88(%rbx)
        mov     %r10, 96(%rbx)
        mov     %r8, 104(%rbx)
        mov     %r9, 112(%rbx)
        xor     $0x1111, %rbp
        xor     $0x2222, %r12
        xor     $0x3333, %r13
        xor     $0x4444, %r14
        xor     $0x5555, %r15
        or      %r12, %rbp
        or      %r13, %rbp
        or      %r14, %rbp
        or      %r15, %rbp
        mov     %rbp, 120(%rbx)
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret
        .size   call_site, . - call_site

        .section .note.GNU-stack, "", @progbits
