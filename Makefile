# Drydock.  `make lab` and `make check` are all you need; docs/lecture-7.4 has the tour.
#
#   make            build/drydock, build/drydock-engine, build/drydock-supervisor
#   make lab        install what is missing (as root), build, prepare the course images, open the shell
#   make check      the same without the shell, then every test
#   make bench      how fast and how small, as ratios against Docker's own programs
#   make lint asan fuzz check-v2    single parts of the check
#   make install DESTDIR=… PREFIX=/usr
#
# B=DIR builds somewhere else.  build.mk has the rules, this file what is built from what.

B        := build
CC       := gcc
MUSL_CC  := musl-gcc
STD      := -std=gnu11 -D_GNU_SOURCE
# Off: names of fields left out of a table row are zero on purpose; snprintf cuts on purpose.
WARN     := -Wall -Wextra -Werror -Wno-unused-parameter -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wno-missing-field-initializers -Wno-format-truncation
OPT      := -O2 -g
INC      := -I. -Iengine -I$(B)/gen
CFLAGS   := $(STD) $(WARN) $(OPT) $(INC) $(SAN)
DEPFLAGS  = -MMD -MP

# The three programs (docs/lecture-7.4/tour.md says why three):
#   drydock             the command line, the lab shell: starts in a millisecond
#   drydock-engine      daemon, registry, bake: the libraries that cost time to load
#   drydock-supervisor  one a container: static, without any library
ENGINE_DIRS := core kernel sim image registry runtime network volume build rootless doctor api
# The course images' programs, for the simulated kernel.
ENGINE_DIRS += sim/userland sim/userland/shell sim/userland/tools sim/userland/services
ENGINE_SRC  := $(foreach d,$(ENGINE_DIRS),$(wildcard engine/$(d)/*.c)) $(wildcard trace/*.c)
CLIENT_SRC  := $(wildcard engine/core/*.c engine/client/*.c labs/*.c labs/lint/*.c labs/look/*.c labs/shell/*.c lessons/*.c quiz/*.c trace/show/*.c)
SUPER_SRC   := $(wildcard engine/runtime/supervisor/*.c) engine/runtime/plan_run.c engine/runtime/protocol.c \
               engine/core/packet.c \
               $(filter-out %_nft.c,$(wildcard engine/kernel/linux*.c)) \
               engine/kernel/hook.c engine/kernel/meta.c engine/kernel/errno.c \
               engine/kernel/fault.c engine/kernel/step.c \
               trace/ring.c trace/decorator.c trace/capture.c

# engine/cmd: main*.c makes drydock, everything else there drydock-engine.
CLIENT_MAIN := $(wildcard engine/cmd/main*.c)
ENGINE_MAIN := $(wildcard engine/cmd/engine_main*.c)
ENGINE_SRC  += $(filter-out $(CLIENT_MAIN) $(ENGINE_MAIN),$(wildcard engine/cmd/*.c))

ENGINE_LIBS := -lmicrohttpd -lcurl -lsqlite3 -lcrypto -lcrypt -larchive -lisal -lzstd -lseccomp -lnftables -lcjson -lpthread
CLIENT_LIBS := -lreadline -lcjson -lcrypto -lmd4c -lyaml

.DEFAULT_GOAL := all
include build.mk
