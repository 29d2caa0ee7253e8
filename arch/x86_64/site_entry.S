// Where a patched call site arrives, by way of its trampoline (patch_site.cc).

        .text

        .set    UC_BYTES, 304           // struct Ucontext of registers.h
        .set    UC_LINK, 8
        .set    UC_STACK, 16
        .set    UC_R8, 40
        .set    UC_R9, 48
        .set    UC_R10, 56
        .set    UC_R12, 72
        .set    UC_R13, 80
        .set    UC_R14, 88
        .set    UC_R15, 96
        .set    UC_RDI, 104
        .set    UC_RSI, 112
        .set    UC_RBP, 120
        .set    UC_RBX, 128
        .set    UC_RDX, 136
        .set    UC_RAX, 144
        .set    UC_RSP, 160
        .set    UC_RIP, 168
        .set    UC_MASK, 296
        .set    RED_ZONE, 128

// In: rax = number, rdi rsi rdx r10 r8 r9 = arguments, r11 = behind the site's syscall instruction,
// (%rsp) = the trampoline, above it the program's red zone. Out: ZF: the site's own instruction
// is to be executed with what rax and the arguments hold then; else rax = result, and the arguments
// as they were. Clobbers: rcx, r11, arithmetic flags.
//
// The stack is given the shape of a signal's delivery at the site: a frame that returns to the
// restorer, whose nine bytes unwinders and debuggers know, and above it the program's registers. So
// whoever comes here by frame pointers goes on in the program's code.
        .globl  abishim_site_entry, abishim_site_end
        .hidden abishim_site_entry, abishim_site_end
        .type   abishim_site_entry, @function
        .balign 64
abishim_site_entry:
        .cfi_startproc
        .cfi_undefined rip
        lea     -UC_BYTES(%rsp), %rsp
        mov     %r8, UC_R8(%rsp)
        mov     %r9, UC_R9(%rsp)
        mov     %r10, UC_R10(%rsp)
        mov     %r12, UC_R12(%rsp)
        mov     %r13, UC_R13(%rsp)
        mov     %r14, UC_R14(%rsp)
        mov     %r15, UC_R15(%rsp)
        mov     %rdi, UC_RDI(%rsp)
        mov     %rsi, UC_RSI(%rsp)
        mov     %rbp, UC_RBP(%rsp)
        mov     %rbx, UC_RBX(%rsp)
        mov     %rdx, UC_RDX(%rsp)
        mov     %rax, UC_RAX(%rsp)
        mov     %r11, UC_RIP(%rsp)
        lea     UC_BYTES+8+RED_ZONE(%rsp), %rcx
        mov     %rcx, UC_RSP(%rsp)
        movq    $0, UC_LINK(%rsp)
        movl    $2, UC_STACK+8(%rsp)            // SS_DISABLE: not known here
        movq    $0, UC_STACK+16(%rsp)
        lea     abishim_restorer(%rip), %rcx
        push    %rcx
        push    %rbp
        mov     %rsp, %rbp
        and     $-16, %rsp
        push    %r9                             // struct Args
        push    %r8
        push    %r10
        push    %rdx
        push    %rsi
        push    %rdi
        mov     %rsp, %rsi                      // is the direction flag set? (half of what pushf costs)
        lodsb
        cmp     %rsp, %rsi
        jb      1f
        lea     16(%rbp), %rdi
        mov     %rsp, %rsi
        call    abishim_on_site
        mov     %rax, %rbx
        test    $4, %al                         // the program's call, with what Args holds now
        jnz     3f
2:      lea     16(%rbp), %rsp
        test    $2, %bl                         // signals are kept out
        jz      abishim_site_left
        mov     $14, %eax                       // rt_sigprocmask
        mov     %ebx, %edi
        shr     $8, %edi                        // how
        lea     UC_MASK(%rsp), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        jmp     abishim_leave
        .globl  abishim_site_left
        .hidden abishim_site_left
abishim_site_left:
        test    $1, %bl                         // nothing below changes flags
        mov     UC_RBX(%rsp), %rbx
        mov     UC_RBP(%rsp), %rbp
        mov     UC_R8(%rsp), %r8
        mov     UC_R9(%rsp), %r9
        mov     UC_R10(%rsp), %r10
        mov     UC_RDI(%rsp), %rdi
        mov     UC_RSI(%rsp), %rsi
        mov     UC_RDX(%rsp), %rdx
        mov     UC_RAX(%rsp), %rax
        lea     UC_BYTES(%rsp), %rsp
        ret
1:      xor     %ebx, %ebx                      // then C++ cannot run here
        jmp     2b
3:      pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %r10
        lea     16(%rbp), %rsp
        mov     UC_RAX(%rsp), %rax
        jmp     abishim_call
        .globl  abishim_site_called
        .hidden abishim_site_called
abishim_site_called:
        mov     %rax, UC_RAX(%rsp)
        jmp     abishim_site_left
abishim_site_end:
        .cfi_endproc
        .size   abishim_site_entry, . - abishim_site_entry

        .section .note.GNU-stack, "", @progbits
