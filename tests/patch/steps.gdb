# gdb -batch -x steps.gdb --args build/patch/steps eager 0: executes every instruction between Begin and End by itself, prints how many,
# and `ok` where the program ended well.
set startup-with-shell off
set pagination off
set debuginfod enabled off
handle SIGSYS nostop noprint pass
break Begin
run
break End
set logging file /dev/null
set logging redirect on
set logging enabled on
python
steps = 0
while gdb.selected_inferior().pid != 0 and gdb.selected_frame().name() != "End":
    gdb.execute("stepi 1000", to_string=True)
    steps += 1000
end
set logging enabled off
continue
python
print("%d single steps" % steps)
print("ok" if steps > 0 and gdb.convenience_variable("_exitcode") == 0 else "FAILED")
end
