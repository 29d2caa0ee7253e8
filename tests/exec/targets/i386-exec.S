// An i386 program that executes argv[1] with the rest of its arguments.
        .code32
        .globl  _start
_start:
        mov     (%esp), %eax  # argc
        lea     8(%esp,%eax,4), %edx  # envp
        lea     8(%esp), %ecx  # argv + 1
        mov     (%ecx), %ebx
        mov     $11, %eax  # execve
        int     $0x80
        mov     $1, %eax
        mov     $99, %ebx
        int     $0x80
        .section .note.GNU-stack, "", @progbits
