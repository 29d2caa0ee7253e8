// What an exec needs of the machine: the helper's first and last steps, the image's first in a new
// program. In the gate's page: every `syscall` instruction of the image stands there.

        .section .gate, "ax", @progbits

// long abishim_spawn(long flags, void* stack_top, void (*function)(void*), void* argument, int* id)
// In: rdi, rsi, rdx, rcx, r8. Out: rax = the child's id or -errno. Clobbers: rcx, rdx, r8-r11.
// clone(2); the child calls function(argument) on its own stack, and it does not come back. `id` is
// for CLONE_PARENT_SETTID and the like.
        .balign 16
        .globl  abishim_spawn
        .hidden abishim_spawn
        .type   abishim_spawn, @function
abishim_spawn:
        .cfi_startproc
        mov     %rdx, %r9
        mov     %r8, %rdx
        mov     %r8, %r10                       // CLONE_CHILD_CLEARTID
        mov     %rcx, %r8                       // a TLS that nobody asks for
        mov     $56, %eax                       // clone
        syscall
        test    %rax, %rax
        jz      1f
        ret
1:      .cfi_undefined rip
        xor     %ebp, %ebp
        mov     %r8, %rdi
        call    *%r9
        hlt
        .cfi_endproc
        .size   abishim_spawn, . - abishim_spawn

// void abishim_vanish(void* area, unsigned long bytes), does not return.
// In: rdi, rsi. munmap(2) of the memory that it stands on, then exit(2): from here on no stack.
        .balign 16
        .globl  abishim_vanish
        .hidden abishim_vanish
        .type   abishim_vanish, @function
abishim_vanish:
        .cfi_startproc
        mov     $11, %eax                       // munmap
        syscall
        xor     %edi, %edi
        mov     $60, %eax                       // exit
        syscall
        hlt
        .cfi_endproc
        .size   abishim_vanish, . - abishim_vanish

// Where a program begins that the image was carried into; jumped to by way of ptrace.
// In: rdi, rsi, rdx = what abishim_settle wants; rsp = the program's stack, with room. Does not return:
// goes on at abishim_program_entry with abishim_program_stack (start.S).
        .balign 16
        .globl  abishim_agent
        .hidden abishim_agent
        .type   abishim_agent, @function
abishim_agent:
        .cfi_startproc
        .cfi_undefined rip
        and     $-16, %rsp
        call    abishim_settle
        test    %eax, %eax
        jnz     1f
        lea     abishim_boot_stack_end(%rip), %rsp
        call    abishim_arrive
        mov     abishim_program_stack(%rip), %rdi
        mov     abishim_program_entry(%rip), %rsi
        jmp     abishim_enter
1:      hlt
        .cfi_endproc
        .size   abishim_agent, . - abishim_agent

        .bss
        .balign 16
        .skip   16384
abishim_boot_stack_end:
        .globl  abishim_program_stack, abishim_program_entry
        .hidden abishim_program_stack, abishim_program_entry
abishim_program_stack:
        .skip   8
abishim_program_entry:
        .skip   8

        .section .note.GNU-stack, "", @progbits
