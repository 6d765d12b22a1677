# fuzz.mk - `make fuzz`: libFuzzer on all that reads what strangers write, each for
# FUZZ_SECONDS with address and undefined-behaviour sanitizers.  What it finds new goes
# into tests/fuzz/corpus/NAME, which `make check` runs through once (fuzz_test.sh).
# ONLY="template reference" runs just these.

FUZZ_SECONDS := 300
FUZZERS := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_B  := $(B)/fuzz
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZ_BIN := $(FUZZERS:%=$(FUZZ_B)/%)

# The whole of both archives once more, watched by clang.
fuzz-build:
	$(STEP) B=$(FUZZ_B) CC=clang OPT='-O1 -g' SAN='$(FUZZ_SAN) -fsanitize=fuzzer-no-link' \
		BANNED= WARN='-Wall -Wno-unused-variable -Wno-unused-parameter -Wno-missing-field-initializers' fuzz-programs
fuzz-programs: $(FUZZERS:%=$(B)/fuzzer/%)
$(B)/fuzzer/%: tests/fuzz/%_fuzz.c $(ARCHIVES)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group \
		$(ENGINE_LIBS) $(CLIENT_LIBS) -lm

fuzz:
	@tests/helpers/packages.sh build fuzz
	$(STEP) fuzz-build
	@for f in $(or $(ONLY),$(FUZZERS)); do \
		mkdir -p $(FUZZ_B)/found/$$f; \
		echo "== $$f"; \
		$(FUZZ_B)/fuzzer/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
			-print_final_stats=1 -verbosity=0 -artifact_prefix=$(FUZZ_B)/found/ \
			-use_value_profile=1 $(FUZZ_B)/found/$$f tests/fuzz/corpus/$$f || exit 1; \
		$(FUZZ_B)/fuzzer/$$f -merge=1 -verbosity=0 tests/fuzz/corpus/$$f $(FUZZ_B)/found/$$f || exit 1; \
	done
.PHONY: fuzz fuzz-build fuzz-programs
