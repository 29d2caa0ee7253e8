// The JSON files of profiles/, byte by byte. Data only: no register is touched.
        .section .rodata
        .global abishim_docker_19_03, abishim_docker_19_03_end
abishim_docker_19_03:
        .incbin "docker-19.03.json"
abishim_docker_19_03_end:
        .global abishim_docker_20_10_0, abishim_docker_20_10_0_end
abishim_docker_20_10_0:
        .incbin "docker-20.10.0.json"
abishim_docker_20_10_0_end:
        .global abishim_docker_2026, abishim_docker_2026_end
abishim_docker_2026:
        .incbin "docker-2026.json"
abishim_docker_2026_end:
        .section .note.GNU-stack, "", @progbits
