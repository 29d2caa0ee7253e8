// An i386 program: prints "i386" and exits with 0.
        .code32
        .globl  _start
_start:
        mov     $4, %eax
        mov     $1, %ebx
        mov     $text, %ecx
        mov     $5, %edx
        int     $0x80
        mov     $1, %eax
        xor     %ebx, %ebx
        int     $0x80
        .data
text:   .ascii  "i386\n"
        .section .note.GNU-stack, "", @progbits
