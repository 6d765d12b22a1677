# build.mk - the rules.  Makefile says what is built from what.
#
# Every source is compiled once, to $(B)/obj/PATH.o; the supervisor's a second
# time with musl, to $(B)/musl/PATH.o.  Two archives, libdrydock-engine.a and
# libdrydock-client.a, hold everything but the mains, so that a test links what
# it calls and nothing else.

.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.SECONDARY:

# ---- generated sources -------------------------------------------------------
# kernel.mk makes these from kernel_ops.def; no object may be compiled before they
# are there, hence the order-only dependencies below.  It also says which sources
# may make kernel calls of their own: all others are compiled with banned.h.
include engine/kernel/kernel.mk
GEN_H := $(GEN_KERNEL_H)
GEN_C := $(GEN_KERNEL_SRC)
banned = $(if $(filter engine/% trace/%,$(filter-out $(BANNED_EXEMPT),$<)),$(BANNED))

# ---- objects -----------------------------------------------------------------
obj  = $(patsubst $(B)/gen/%.c,$(B)/obj/gen/%.o,$(patsubst %.c,$(B)/obj/%.o,$(filter-out $(B)/gen/%,$(1))) $(filter $(B)/gen/%,$(1)))
musl = $(subst $(B)/obj/,$(B)/musl/,$(call obj,$(1)))

ENGINE_OBJ := $(call obj,$(ENGINE_SRC) $(GEN_C))
CLIENT_OBJ := $(call obj,$(CLIENT_SRC) $(GEN_C))
SUPER_OBJ  := $(call musl,$(SUPER_SRC) $(GEN_C))

PROGRAMS := $(B)/drydock $(B)/drydock-engine $(B)/drydock-supervisor
all: $(PROGRAMS) $(B)/docker translations ; @:
.PHONY: all

# One short line a step; V=1 shows the commands.  The target's directory is made here.
Q    := $(if $(V),,@)
say   = @mkdir -p $(@D)$(if $(V),,; printf '  %-6s %s\n' $(1) $(patsubst $(B)/%,%,$@))

$(B)/obj/gen/%.o: $(B)/gen/%.c | $(GEN_H)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) $(banned) $(DEPFLAGS) -c -o $@ $<

$(B)/obj/%.o: %.c | $(GEN_H)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) $(banned) $(DEPFLAGS) -c -o $@ $<

# Copied in by the assembler, which the compiler knows nothing of.
$(B)/obj/trace/journal_vocabulary.o $(B)/obj/labs/vocabulary.o: trace/fact.def

$(B)/libdrydock-engine.a: $(ENGINE_OBJ)
$(B)/libdrydock-client.a: $(CLIENT_OBJ)
$(B)/%.a:
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^

LINK = $(CC) $(SAN) -Wl,--as-needed -Wl,-z,relro -o $@

# Finding and relocating shared libraries, libcrypto above all, was two thirds of the
# 2.8 ms a command took to start: what Debian has as an archive is linked in, at a
# fixed address.
STATIC_LIBS := -lreadline -ltinfo -lcrypto -lyaml
CLIENT_LINK := -no-pie -Wl,-z,now -Wl,-Bstatic $(STATIC_LIBS) -Wl,-Bdynamic \
               $(filter-out $(STATIC_LIBS),$(CLIENT_LIBS))

$(B)/drydock: $(call obj,$(CLIENT_MAIN)) $(B)/libdrydock-client.a
	$(call say,LINK)
	$(Q)$(LINK) $^ $(CLIENT_LINK)

$(B)/drydock-engine: $(call obj,$(ENGINE_MAIN)) $(B)/libdrydock-engine.a
	$(call say,LINK)
	$(Q)$(LINK) $^ $(ENGINE_LIBS)

# Reached as `docker`, the program behaves as `drydock docker`.
$(B)/docker: | $(B)/drydock
	$(Q)ln -sf drydock $@

# ---- translations ---------------------------------------------------------------
# po/XX.po becomes the catalogue that gettext looks for beside the program.  Who builds
# without msgfmt (Debian's gettext) gets the program in English.
CATALOGUES := $(patsubst po/%.po,$(B)/locale/%/LC_MESSAGES/drydock.mo,$(wildcard po/*.po))
ifeq ($(shell command -v msgfmt),)
translations: ; @echo '  note   msgfmt is not installed (package gettext): only English is built'
else
translations: $(CATALOGUES) ; @:
endif
.PHONY: translations

$(B)/locale/%/LC_MESSAGES/drydock.mo: po/%.po
	$(call say,MSGFMT)
	$(Q)msgfmt --check-format --check-domain -o $@ $<

# ---- the supervisor: musl, static, small --------------------------------------
# musl has no kernel headers.  These links offer the host's, and only these: with
# all of /usr/include behind it a header that musl lacks would silently be glibc's.
MULTIARCH     := $(shell $(CC) -print-multiarch 2>/dev/null)
MUSL_HEADERS  := $(B)/musl/include/linux $(B)/musl/include/asm-generic $(B)/musl/include/asm
MUSL_CFLAGS   := $(STD) $(WARN) -Os -g -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
                 $(INC) -idirafter $(B)/musl/include

$(B)/musl/include/asm:
	@mkdir -p $(@D)
	$(Q)ln -sfn $(firstword $(wildcard /usr/include/$(MULTIARCH)/asm /usr/include/asm)) $@
$(filter-out %/asm,$(MUSL_HEADERS)): $(B)/musl/include/%:
	@mkdir -p $(@D)
	$(Q)ln -sfn /usr/include/$* $@

$(B)/musl/gen/%.o: $(B)/gen/%.c | $(GEN_H) $(MUSL_HEADERS)
	$(call say,MUSL)
	$(Q)$(MUSL_CC) $(MUSL_CFLAGS) $(banned) $(DEPFLAGS) -c -o $@ $<

$(B)/musl/%.o: %.c | $(GEN_H) $(MUSL_HEADERS)
	$(call say,MUSL)
	$(Q)$(MUSL_CC) $(MUSL_CFLAGS) $(banned) $(DEPFLAGS) -c -o $@ $<

$(B)/drydock-supervisor: $(SUPER_OBJ)
	$(call say,LINK)
	$(Q)$(MUSL_CC) -static -Wl,--gc-sections -Wl,-z,norelro -o $@ $^

# ---- tests --------------------------------------------------------------------
# tests/DIR/NAME_test.c becomes $(B)/tests/DIR/NAME_test; tests/DIR/NAME_test.sh
# and .py run as they are.  tests/bench/bench.mk has the benchmarks' own rules.
TEST_DIRS := unit sim trace fault api root lab
TEST_SRC  := $(foreach d,$(TEST_DIRS),$(wildcard tests/$(d)/*_test.c))
TEST_BIN  := $(TEST_SRC:%.c=$(B)/%)
UNIT_BIN  := $(filter $(B)/tests/unit/% $(B)/tests/sim/% $(B)/tests/trace/% $(B)/tests/fault/%,$(TEST_BIN))
# Helper sources next to the tests, linked where a test needs them.
TEST_AID  := $(call obj,$(filter-out $(TEST_SRC),$(foreach d,$(TEST_DIRS) helpers,$(wildcard tests/$(d)/*.c))))
ARCHIVES  := $(B)/libdrydock-engine.a $(B)/libdrydock-client.a

$(B)/tests/libaid.a: $(TEST_AID)

# libresolv (of the C library) reads our DNS messages in the tests.
$(B)/tests/%_test: $(B)/obj/tests/%_test.o $(B)/tests/libaid.a $(ARCHIVES)
	$(call say,LINK)
	$(Q)$(LINK) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcheck -lsubunit -lm -lrt -lresolv \
		$(ENGINE_LIBS) $(CLIENT_LIBS)

tests: $(TEST_BIN)
.PHONY: tests

-include tests/bench/bench.mk
-include tests/fuzz/fuzz.mk

# ---- what people type ----------------------------------------------------------
# Steps that must follow one another are made one after the other, with one make
# each: `-j` then speeds up the steps and never mixes them.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
STEP = +@$(MAKE) --no-print-directory $(JOBS)

# Nobody needs to be root.  Who isn't is stopped only by packages that the build needs, and
# told which ones to ask for.
lab:
	@tests/helpers/packages.sh build bake lab
	$(STEP) all
	@labs/images/prepare.sh $(B)/drydock-engine
	@exec $(B)/drydock

check:
	@tests/helpers/packages.sh build bake test fuzz
	$(STEP) all tests
	$(STEP) asan-build
	$(STEP) fuzz-build
	@$(B)/drydock-engine bake --root $(B)/course
	$(STEP) check-run
.PHONY: lab check

# Which results count is decided in one place: tests/run prints the tally last.
check-run:
	@B=$(B) tests/run
# The unit tests once more, with sanitizers, in a build of their own below $(B).
asan-build:
	$(STEP) B=$(B)/asan OPT='-O1 -g' SAN='$(ASAN)' unit-tests
unit-tests: $(UNIT_BIN)
asan: asan-build
	@B=$(B) tests/run $(UNIT_BIN:$(B)/%=$(B)/asan/%)
lint:
	@B=$(B) tests/run tests/lint/*_test.sh
check-v2: all tests
	@B=$(B) tests/run tests/root/v2_qemu_test.sh
deps:
	@tests/helpers/packages.sh build bake lab test bench
.PHONY: check-run asan asan-build unit-tests lint check-v2 deps

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

PREFIX  := /usr
DESTDIR :=
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/drydock
	install -m 755 $(B)/drydock $(DESTDIR)$(PREFIX)/bin/drydock
	install -m 755 $(B)/drydock-engine $(B)/drydock-supervisor $(DESTDIR)$(PREFIX)/libexec/drydock
	install -d $(DESTDIR)$(PREFIX)/share/drydock
	cp -r labs lessons quiz $(DESTDIR)$(PREFIX)/share/drydock
	[ ! -d $(B)/locale ] || cp -r $(B)/locale $(DESTDIR)$(PREFIX)/share
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(B)/drydock docker completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/drydock
	[ -e $(DESTDIR)$(PREFIX)/share/bash-completion/completions/docker ] || \
		ln -s drydock $(DESTDIR)$(PREFIX)/share/bash-completion/completions/docker
	docs/lecture-7.4/man/pages.sh $(B)/drydock $(DESTDIR)$(PREFIX)/share/man
	find $(DESTDIR)$(PREFIX)/share/drydock -maxdepth 3 \( -name '*.[ch]' -o -type d -empty \) -delete
clean:
	rm -rf $(B)
.PHONY: install clean

-include $(patsubst %.o,%.d,$(ENGINE_OBJ) $(CLIENT_OBJ) $(SUPER_OBJ) $(TEST_AID) \
	$(call obj,$(CLIENT_MAIN) $(ENGINE_MAIN) $(TEST_SRC)))
