// Its memory lies wherever the shim can be. Exits with 0.
        .globl  _start
_start:
        mov     $60, %eax
        xor     %edi, %edi
        syscall
        .section .all, "aw", @nobits
        .skip   0xefe0000
        .section .note.GNU-stack, "", @progbits
