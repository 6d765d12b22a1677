# bench.mk - `make bench`: Drydock beside Docker, runc and the floor, in one run.
# Needs root.  ROUNDS=50 measures longer.

BENCH_BIN := $(B)/bench/hello $(B)/bench/stopwatch $(B)/bench/floor

$(B)/bench/hello: tests/bench/hello.c
	$(call say,LINK)
	$(Q)$(CC) -O2 -Wall -Wextra -static -nostdlib -fno-stack-protector -fcf-protection=none \
		-Wl,--build-id=none -Wl,-z,noseparate-code -s -o $@ $<

$(B)/bench/stopwatch: tests/bench/stopwatch.c
	$(call say,LINK)
	$(Q)$(CC) $(STD) $(WARN) $(OPT) -o $@ $<

# The engine's part in it is the filter alone.
$(B)/bench/floor: tests/bench/floor.c tests/bench/floor_calls.h $(B)/libdrydock-engine.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(B)/libdrydock-engine.a -lseccomp

bench:
	@tests/helpers/packages.sh build bench
	$(STEP) all $(BENCH_BIN)
	@python3 tests/bench/bench.py --build $(B) $(if $(ROUNDS),--rounds $(ROUNDS))
.PHONY: bench
