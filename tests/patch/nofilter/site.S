# long Site(void* to, long bytes, long flags): getrandom(2) at a call site of its own, in a library.
        .text
        .globl  Site
        .type   Site, @function
        .balign 16
Site:   .cfi_startproc
        nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop
        mov     $318, %eax
        syscall
        ret
        .cfi_endproc
        .size   Site, . - Site
        .section .note.GNU-stack, "", @progbits
