// Licence and manual page, byte by byte, for a layer made by the command alone. Data only: no register is touched.
        .section .rodata
        .global abishim_licence, abishim_licence_end, abishim_manual, abishim_manual_end
abishim_licence:
        .incbin "LICENSE"
abishim_licence_end:
abishim_manual:
        .incbin "shim/layer/abishim.1"
abishim_manual_end:
        .section .note.GNU-stack, "", @progbits
