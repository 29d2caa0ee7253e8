// Prints "uid 0" or "uid other" of its effective user. Makes no call that a plan of this suite translates.
        .globl  _start
_start:
        mov     $107, %eax                      // geteuid
        syscall
        lea     root(%rip), %rsi
        mov     $6, %edx
        test    %eax, %eax
        jz      1f
        lea     other(%rip), %rsi
        mov     $10, %edx
1:      mov     $1, %edi
        mov     $1, %eax
        syscall
        xor     %edi, %edi
        mov     $60, %eax
        syscall
        .data
root:   .ascii  "uid 0\n"
other:  .ascii  "uid other\n"
        .section .note.GNU-stack, "", @progbits
