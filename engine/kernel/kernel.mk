# kernel.mk - generated parts of the waist, and the guard around it.  Included by build.mk.
#
# GEN_KERNEL_H    every object depends on it (order-only is enough: -MMD does the rest)
# GEN_KERNEL_SRC  compile and link into all that make k_ calls: engine, supervisor, tests
# BANNED          add to the compiler flags of engine/ and trace/ sources, except those in
#                 BANNED_EXEMPT (the waist itself; the command line, which starts programs)

GEN_KERNEL_H   := $(B)/gen/kernel_ops.h
GEN_KERNEL_SRC := $(B)/gen/kernel_hook.c $(B)/gen/kernel_meta.c
GEN_KERNEL     := $(GEN_KERNEL_H) $(GEN_KERNEL_SRC) $(B)/gen/kernel_coverage.md

$(GEN_KERNEL) &: engine/kernel/kernel_ops.def engine/kernel/generate.awk
	@mkdir -p $(B)/gen
	awk -v out=$(B)/gen -f engine/kernel/generate.awk engine/kernel/kernel_ops.def

BANNED        := -include engine/kernel/banned.h
BANNED_EXEMPT := $(wildcard engine/kernel/linux*.c engine/cmd/*.c engine/client/*.c trace/show/*.c)

# The handbook's copy of the table; tests/lint/coverage_test.sh says when it is old.
coverage: $(B)/gen/kernel_coverage.md
	cp $< docs/lecture-7.4/kernel-calls.md
.PHONY: coverage
