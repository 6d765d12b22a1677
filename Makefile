# Drydock.  `make lab` and `make check` are all you need; docs/lecture-7.4 has the tour.
#
#   make          build/drydock, build/drydock-engine, build/drydock-supervisor
#   make lab      install what is missing (as root), build, prepare the course images, open the shell
#   make check    the same without the shell, then every test
#   make bench lint asan fuzz check-v2 install

B        := build
CC       := gcc
STD      := -std=gnu11 -D_GNU_SOURCE
WARN     := -Wall -Wextra -Werror -Wno-unused-parameter -Wshadow -Wstrict-prototypes -Wmissing-prototypes
OPT      := -O2 -g
INC      := -I. -Iengine -I$(B)/gen
CFLAGS   := $(STD) $(WARN) $(OPT) $(INC) $(SAN)
DEPFLAGS  = -MMD -MP

# The three programs (docs/lecture-7.4/tour.md says why three):
#   drydock             the command line, the lab shell: starts in a millisecond
#   drydock-engine      daemon, registry, bake: the libraries that cost time to load
#   drydock-supervisor  one a container: static, without any library
ENGINE_DIRS := core kernel image registry runtime network volume build api
ENGINE_SRC  := $(foreach d,$(ENGINE_DIRS),$(wildcard engine/$(d)/*.c)) $(wildcard trace/*.c)
CLIENT_SRC  := $(wildcard engine/core/*.c engine/client/*.c labs/*.c trace/show/*.c)
SUPER_SRC   := $(wildcard engine/runtime/supervisor/*.c) engine/runtime/plan_run.c \
               engine/kernel/linux.c engine/kernel/fault.c engine/kernel/step.c \
               trace/ring.c trace/decorator.c

ENGINE_LIBS := -lmicrohttpd -lcurl -lsqlite3 -lcrypto -larchive -lisal -lzstd -lseccomp -lnftables -lcjson -lpthread
CLIENT_LIBS := -lreadline -lcjson -lcrypto -lmd4c -lyaml

-include build.mk
