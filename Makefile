# platform: build, test, measure. `make help` lists the targets.
# Sources are found by folder, so a new file needs no line here.

PREFIX  ?= /usr/local
DESTDIR ?=
B       := build
CC      ?= cc
MAKEFLAGS += --no-builtin-rules
JOBS    := -j$(shell nproc)

ROOM_DIRS := agent/base agent/store agent/http agent/client agent/client/drivers agent/cli agent \
             jobs jobs/hcl scheduler scheduler/api discovery discovery/api dns lb
SRC      := $(filter-out agent/main.c,$(foreach d,$(ROOM_DIRS),$(wildcard $(d)/*.c)))
# The executor is a program of its own (DESIGN 6), static and small, carried inside the binary.
EXECUTOR_SRC := $(wildcard agent/client/executor/*.c)

PKGS     := libuv jansson ldns libcurl lmdb msgpack libpcre2-8 openssl zlib libcap libcrypt yaml-0.1
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS     := -lh2o -lunistring $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm -ldl -lpthread

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
        -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wno-unused-parameter
CPPFLAGS_ALL := -I. -D_GNU_SOURCE -DH2O_USE_LIBUV=1 $(CPPFLAGS)
BASE_CFLAGS  := -std=c11 -g $(WARN) -pthread
REL_CFLAGS   := -O2 -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 $(CFLAGS)
REL_LDFLAGS  := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)
SAN_CFLAGS   := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
SAN_LDFLAGS  := -fsanitize=address,undefined

REL_OBJ := $(SRC:%.c=$(B)/obj/%.o)
SAN_OBJ := $(SRC:%.c=$(B)/san/%.o)
UNIT_SRC := $(shell find test/unit -name '*_test.c' 2>/dev/null)
UNIT_BIN := $(UNIT_SRC:test/unit/%_test.c=$(B)/unit/%_test)
UNIT_AUX_SRC := $(shell find test/unit -name '*.c' ! -name '*_test.c' 2>/dev/null)
UNIT_AUX_OBJ := $(UNIT_AUX_SRC:%.c=$(B)/san/%.o)
FUZZ_SRC := $(wildcard test/fuzz/*_fuzz.c)
FUZZ_BIN := $(FUZZ_SRC:test/fuzz/%_fuzz.c=$(B)/fuzz/%_fuzz)
REPLAY_BIN := $(FUZZ_SRC:test/fuzz/%_fuzz.c=$(B)/replay/%_fuzz)
BENCH_SRC := $(wildcard test/bench/*.c)
BENCH_BIN := $(BENCH_SRC:test/bench/%.c=$(B)/bench/%)

.PHONY: all help deps demo test unit integration peers replay race lint bench fuzz install clean san tsan
all: $(B)/platform $(B)/http-echo

help:
	@echo "make             build/platform and build/http-echo"
	@echo "make demo        install what is missing, build, run the example job, show it answering"
	@echo "make test        every test: unit, fuzz corpora, integration, peers"
	@echo "make unit | integration | peers | replay | race    one kind of them (T=name picks by name)"
	@echo "make lint        the rooms' include table and the compiler's strictest reading"
	@echo "make bench       the figures, each beside its peer where there is one"
	@echo "make fuzz        libFuzzer targets, FUZZ_SECONDS each (60)"
	@echo "make install     PREFIX= and DESTDIR= as usual"

deps:
	@test/deps.sh

demo:
	@test/deps.sh demo
	@$(MAKE) $(JOBS) --no-print-directory all
	@test/demo.sh

# Rewritten only when the commit changed, so that only what prints it is built again.
.PHONY: FORCE
$(B)/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define PLATFORM_BUILD "%s"\n' "$$(git rev-parse --short=12 HEAD 2>/dev/null || echo release)" > $@.new
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@

# --- the executor: static, its bytes linked into the binary -------------------------------------
EXECUTOR_OBJ := $(B)/obj/agent/client/executor.blob.o
ifneq ($(EXECUTOR_SRC),)
$(B)/executor: $(EXECUTOR_SRC) $(wildcard agent/client/executor/*.h)
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) $(CPPFLAGS_ALL) -Os -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
	    -ffunction-sections -static-pie -Wl,--gc-sections,-z,relro,-z,now -s $(EXECUTOR_SRC) -o $@
$(EXECUTOR_OBJ): $(B)/executor
	@mkdir -p $(@D)
	@printf '.section .rodata\n.global executor_image, executor_image_end\n.balign 16\nexecutor_image:\n.incbin "%s"\nexecutor_image_end:\n.section .note.GNU-stack,"",%%progbits\n' $< > $(@:.o=.s)
	$(CC) -c $(@:.o=.s) -o $@
BLOB := $(EXECUTOR_OBJ)
endif

$(B)/platform: $(REL_OBJ) $(B)/obj/agent/main.o $(BLOB)
	@echo "  LINK    $@"
	@$(CC) $(REL_LDFLAGS) $^ $(LIBS) -o $@

$(B)/http-echo: jobs/examples/http-echo.c
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) $(CPPFLAGS_ALL) $(REL_CFLAGS) $(REL_LDFLAGS) $< -o $@

$(B)/obj/%.o: %.c | $(B)/version.h
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(BASE_CFLAGS) $(CPPFLAGS_ALL) -I$(B) $(PKG_CFLAGS) $(REL_CFLAGS) -MMD -MP -c $< -o $@

# --- the same with ASan and UBSan, for every test -----------------------------------------------
$(B)/san/%.o: %.c | $(B)/version.h
	@mkdir -p $(@D)
	@echo "  CC san  $<"
	@$(CC) $(BASE_CFLAGS) $(CPPFLAGS_ALL) -I$(B) $(PKG_CFLAGS) $(SAN_CFLAGS) -MMD -MP -c $< -o $@

$(B)/san/libplatform.a: $(SAN_OBJ) $(BLOB)
	@rm -f $@
	@ar rcs $@ $^

$(B)/san/platform: $(B)/san/libplatform.a $(B)/san/agent/main.o
	$(CC) $(SAN_LDFLAGS) $(B)/san/agent/main.o -Wl,--whole-archive $(B)/san/libplatform.a -Wl,--no-whole-archive $(LIBS) -o $@
san: $(B)/san/platform

# --- and with TSan: what threads share, under real load ----------------------------------------------
$(B)/tsan/%.o: %.c | $(B)/version.h
	@mkdir -p $(@D)
	@echo "  CC tsan $<"
	@$(CC) $(BASE_CFLAGS) $(CPPFLAGS_ALL) -I$(B) $(PKG_CFLAGS) -O1 -fno-omit-frame-pointer -fsanitize=thread -MMD -MP -c $< -o $@
$(B)/tsan/platform: $(SRC:%.c=$(B)/tsan/%.o) $(B)/tsan/agent/main.o $(BLOB)
	@$(CC) -fsanitize=thread $^ $(LIBS) -o $@
tsan: $(B)/tsan/platform

$(B)/unit/%_test: $(B)/san/test/unit/%_test.o $(UNIT_AUX_OBJ) $(B)/san/libplatform.a
	@mkdir -p $(@D)
	@$(CC) $(SAN_LDFLAGS) $(filter %.o,$^) $(B)/san/libplatform.a -lcmocka $(LIBS) -o $@

.SECONDARY:

unit: deps
	@$(MAKE) $(JOBS) --no-print-directory $(UNIT_BIN)
	@test/run-unit.sh $(B)/unit "$(T)"

integration: deps
	@$(MAKE) $(JOBS) --no-print-directory all san
	@test/run-scripts.sh test/integration "$(T)"

race: deps
	@$(MAKE) $(JOBS) --no-print-directory all tsan
	@PLATFORM=$(CURDIR)/$(B)/tsan/platform test/run-scripts.sh test/integration \
	    "first_light|agent_killed|scale_under_load|consul_api"

peers: deps
	@$(MAKE) $(JOBS) --no-print-directory all san
	@test/run-scripts.sh test/peers "$(T)"

replay: deps
	@$(MAKE) $(JOBS) --no-print-directory $(REPLAY_BIN)
	@test/run-replay.sh $(B)/replay

test: deps
	@test/run-all.sh

# --- fuzzing: clang's libFuzzer for the search, plain ASan to replay the kept corpus --------------
FUZZ_CFLAGS := -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
$(B)/fz/%.o: %.c | $(B)/version.h
	@mkdir -p $(@D)
	@clang -std=c11 $(CPPFLAGS_ALL) -I$(B) $(PKG_CFLAGS) -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -MMD -MP -c $< -o $@
$(B)/fz/libplatform.a: $(SRC:%.c=$(B)/fz/%.o) $(BLOB)
	@rm -f $@
	@ar rcs $@ $^
$(B)/fuzz/%_fuzz: $(B)/fz/test/fuzz/%_fuzz.o $(B)/fz/libplatform.a
	@mkdir -p $(@D)
	@clang $(FUZZ_CFLAGS) $^ $(LIBS) -o $@
$(B)/replay/%_fuzz: $(B)/san/test/fuzz/%_fuzz.o $(B)/san/test/fuzz/replay.o $(B)/san/libplatform.a
	@mkdir -p $(@D)
	@$(CC) $(SAN_LDFLAGS) $^ $(LIBS) -o $@
fuzz:
	@test/deps.sh fuzz
	@$(MAKE) $(JOBS) --no-print-directory $(FUZZ_BIN)
	@test/run-fuzz.sh $(B)/fuzz

# --- figures --------------------------------------------------------------------------------------
$(B)/bench/%: $(B)/obj/test/bench/%.o $(REL_OBJ) $(BLOB)
	@mkdir -p $(@D)
	@$(CC) $(REL_LDFLAGS) $^ $(LIBS) -o $@
bench:
	@test/deps.sh bench
	@$(MAKE) $(JOBS) --no-print-directory all $(BENCH_BIN)
	@test/bench/run.sh

lint:
	@test/lint/run.sh

install: all
	install -D -m 0755 $(B)/platform $(DESTDIR)$(PREFIX)/bin/platform

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
