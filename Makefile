# make             build/gadugi                     make demo       install what is missing, build, show it all
# make test        install, build, all quick tests  make deps       install the libraries (apt), or list them
# make check       unit, wire and recipe tests      make fault      every allocation fails in turn
# make io          every disk operation fails       make crash      kill -9 at random points
# make asan tsan   the tests, checked               make valgrind   the unit tests under valgrind
# make cov         coverage with its thresholds     make lint       format, tidy, cppcheck, layers, sizes, ...
# make fuzz        each fuzzer for FUZZ_S seconds   make stress     many calls and cancels under TSan
# make bench       figures, beside their peers      make hosts      real clients and hosts (needs the network)
# make conformance the official suite               make fixtures   the server it judges
# make schemas     all that is said, against SCHEMAS of each revision
# make hooks       install the pre-commit hook      make fmt        format the sources
# make kills      publishers, routers and followers of events killed 100 times each
# make soak        a runner killed KILLS times, 1,000 tasks with faults
# make install uninstall clean (DESTDIR, PREFIX)    make dist deb   the sources; a Debian package
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += -r

VERSION := 0.3.0
MODE ?= release
B := build/$(MODE)
PREFIX ?= /usr/local
FUZZ_S ?= 60
Q := $(if $(V),,@)

# --- flags -------------------------------------------------------------------------------------
PKGS := libcjson sqlite3 yaml-0.1 libprotobuf-c libcmark-gfm libutf8proc
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
DYN_LIBS = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lcmark-gfm-extensions -lstemmer -ldl -lm
# A release holds the small libraries itself where their archives are installed: it starts a third sooner.
OWN_LIBS := sqlite3 yaml protobuf-c cmark-gfm cmark-gfm-extensions utf8proc stemmer
archive = $(if $(findstring /,$(shell $(CC) -print-file-name=lib$(1).a)),$(1))
ARCHIVES := $(if $(filter release,$(MODE)),$(foreach l,$(OWN_LIBS),$(call archive,$(l))))
PKG_LIBS = -Wl,--start-group $(foreach l,$(DYN_LIBS),$(if $(filter $(ARCHIVES:%=-l%),$(l)),$(l:-l%=-l:lib%.a),$(l))) -Wl,--end-group
CPPFLAGS += -D_GNU_SOURCE -DGADUGI_VERSION='"$(VERSION)"' -Iserver -Ibuild/gen -I. -MMD -MP $(PKG_CFLAGS)
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wundef \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla -Wcast-qual \
	-Wwrite-strings -Wpointer-arith -Wformat=2 -Wnull-dereference -Wdouble-promotion \
	-Wimplicit-fallthrough -Wswitch-enum -Wdate-time -Werror
CFLAGS += -std=c11 -g -pthread $(FLAGS_$(MODE))
FLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
FLAGS_asan := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_tsan := -O1 -fsanitize=thread
FLAGS_cov := -O0 --coverage
FLAGS_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS_release := -pie -Wl,-z,relro,-z,now,--as-needed
LDFLAGS += -pthread $(LDFLAGS_$(MODE))

# --- what there is -----------------------------------------------------------------------------
PROTO := $(patsubst protos/%.proto,%,$(wildcard protos/*.proto))
GEN_C := $(PROTO:%=build/gen/%.pb-c.c) build/gen/schema.c build/gen/editors.c build/gen/workflows.c
GEN_H := $(PROTO:%=build/gen/%.pb-c.h)
SRC := $(filter-out server/main.c,$(wildcard server/*/*.c server/*/*/*.c handlers/*.c))
OBJ := $(SRC:%.c=$(B)/%.o) $(GEN_C:build/gen/%.c=$(B)/gen/%.o)
LIB := $(B)/libgadugi.a
KINDS := unit fault io
TEST_SRC := $(foreach k,$(KINDS),$(wildcard tests/$(k)/test_*.c))
TESTS = $(patsubst %.c,$(B)/%,$(TEST_SRC))
TEST_LIB := $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/*.c tests/io/fail_vfs.c))
FIXTURES := $(patsubst %.c,$(B)/%.o,$(wildcard tests/fixtures/*.c))
FUZZ := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
OWN_C := $(wildcard server/*.c) $(SRC) $(wildcard tests/*/*.c bench/*.c)
OWN_H := $(wildcard server/*/*.h server/*/*/*.h handlers/*.h)

all: build/gadugi
build/gadugi: $(B)/gadugi
	@ln -sf $(MODE)/gadugi $@
$(B)/gadugi: $(B)/server/main.o $(LIB)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(LIB): $(OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(B)/%.o: %.c | $(GEN_H)
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -c -o $@ $<
$(B)/gen/%.o: build/gen/%.c | $(GEN_H)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
build/gen/%.pb-c.c build/gen/%.pb-c.h &: protos/%.proto
	@mkdir -p build/gen
	@protoc-c --proto_path=protos --c_out=build/gen $<
build/gen/schema.c: $(wildcard server/store/schema/*.sql) server/store/schema.awk
	@mkdir -p build/gen
	@awk -f server/store/schema.awk $(sort $(wildcard server/store/schema/*.sql)) > $@
build/gen/editors.c: editors/neovim/lua/gadugi.lua editors/embed.awk
	@mkdir -p build/gen
	@awk -f editors/embed.awk editors_neovim=$< > $@

build/gen/workflows.c: $(wildcard server/domain/run/workflows/*)
	@mkdir -p build/gen
	@awk -f server/domain/run/workflows/embed.awk $(sort $(filter %.yaml,$^)) > $@

$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(LIB)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(B)/tests/%: $(B)/tests/%.o $(TEST_LIB) $(LIB)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(PKG_LIBS)
$(B)/gadugi-fixtures: $(FIXTURES) $(B)/tests/lib/wire_tools.o $(LIB)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(B)/bench/locomo: $(B)/bench/locomo_data.o $(B)/bench/locomo_tune.o
$(B)/bench/%: $(B)/bench/%.o $(LIB)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(PKG_LIBS)
.SECONDARY:

# --- tests -------------------------------------------------------------------------------------
deps:
	@sh tests/deps.sh
test: deps
	@$(MAKE) --no-print-directory -j2 all tests-built
	@sh tests/run.sh $(B) unit fault io wire cli crash checks && python3 -B tests/recipes.py $(B) unit fault io wire cli crash checks
tests-built: $(TESTS) $(B)/gadugi-fixtures
fixtures: $(B)/gadugi-fixtures
	@ln -sf $(MODE)/gadugi-fixtures build/gadugi-fixtures
check: all tests-built
	@sh tests/run.sh $(B) unit wire cli checks && python3 -B tests/recipes.py $(B) unit wire cli checks
fault io: all tests-built
	@sh tests/run.sh $(B) $@
crash wire cli checks: all $(B)/gadugi-fixtures
	@sh tests/run.sh $(B) $@
asan tsan:
	@$(MAKE) --no-print-directory -j2 MODE=$@ B=build/$@ $(if $(filter asan,$@),,KINDS=unit) run-checked
run-checked: $(B)/gadugi $(B)/gadugi-fixtures $(TESTS)
	@sh tests/run.sh $(B) $(if $(filter tsan,$(MODE)),unit wire,unit fault io wire)
valgrind: all tests-built
	@VALGRIND=1 sh tests/run.sh $(B) unit
cov:
	@$(MAKE) --no-print-directory -j2 MODE=cov run-cov
run-cov: $(B)/gadugi $(B)/gadugi-fixtures $(TESTS)
	@sh tests/cov.sh $(B)
fuzz:
	@$(MAKE) --no-print-directory -j2 MODE=fuzz CC=clang run-fuzz
run-fuzz: $(FUZZ)
	@sh tests/fuzz/run.sh $(B) $(FUZZ_S)
hosts bench: all $(B)/gadugi-fixtures
	@sh $(if $(filter bench,$@),bench/run.sh,tests/$@/run.sh) $(B)
conformance: $(B)/gadugi-fixtures
	@sh tests/hosts/conformance.sh $(B)
schemas: all $(B)/gadugi-fixtures
	@python3 tests/hosts/schemas.py $(B) $(or $(SCHEMAS),$(error SCHEMAS is to name the folder 'schema' of the specification's repository))
stress: all
	@$(MAKE) --no-print-directory -j2 MODE=tsan B=build/tsan build/tsan/gadugi-fixtures
	@sh tests/stress/run.sh build/tsan
	@CRASH_ROUNDS=$${CRASH_ROUNDS:-100} ONLY=test_dispatch TEST_LIMIT_S=3600 sh tests/run.sh $(B) crash
	@GADUGI_LONG_S=$${STRESS_S:-60} ONLY=memory TEST_LIMIT_S=3600 sh tests/run.sh $(B) crash
kills: all
	@for t in test_events test_dispatch; do \
		CRASH_ROUNDS=$${CRASH_ROUNDS:-100} ONLY=$$t TEST_LIMIT_S=3600 sh tests/run.sh $(B) crash || exit 1; done
soak: all
	@sh tests/stress/soak.sh $(B)
demo: deps
	@$(MAKE) --no-print-directory -j2 all
	@sh tests/demo.sh

# --- looking after the house -------------------------------------------------------------------
lint: fmt-check tidy cppcheck layers headers sizes banned shellcheck
fmt:
	@clang-format -i $(OWN_C) $(OWN_H)
fmt-check:
	@clang-format --dry-run -Werror $(OWN_C) $(OWN_H)
tidy: $(GEN_H)
	@clang-tidy --quiet $(filter server/% handlers/%,$(OWN_C)) -- -std=c11 $(filter-out -MMD -MP,$(CPPFLAGS))
# cppcheck 2.10 cannot expand tables made of macros (preprocessorErrorDirective); the compilers do.
cppcheck: $(GEN_H)
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --suppress=missingIncludeSystem --suppress=preprocessorErrorDirective '-DcJSON_ArrayForEach(a,b)=for(;;)' -Iserver -I. server handlers
layers:
	@awk -f tests/layers.awk $(filter server/% handlers/%,$(OWN_C)) $(OWN_H)
headers: $(OWN_H:%=$(B)/%.ok)
$(B)/%.h.ok: %.h | $(GEN_H)
	@mkdir -p $(@D)
	@$(CC) $(filter-out -MMD -MP,$(CPPFLAGS)) $(CFLAGS) $(WARN) -fsyntax-only -x c $< && touch $@
sizes:
	@awk -f tests/sizes.awk $(filter server/% handlers/%,$(OWN_C)) $(OWN_H)
banned: $(LIB) $(B)/server/main.o
	@sh tests/banned.sh $^
shellcheck:
	@git ls-files '*.sh' .ci/run | xargs shellcheck -S warning
hooks:
	@mkdir -p "$$(git rev-parse --git-path hooks)"
	@ln -sf "$$PWD/tests/lib/pre-commit.sh" "$$(git rev-parse --git-path hooks)/pre-commit"
	@echo 'the pre-commit hook is installed'
install: all
	install -D -m 755 $(B)/gadugi $(DESTDIR)$(PREFIX)/bin/gadugi
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/gadugi
dist:
	@mkdir -p build
	git archive --format=tar --prefix=gadugi-$(VERSION)/ HEAD | gzip -n > build/gadugi-$(VERSION).tar.gz
deb: all
	@sh tests/deb.sh $(B) $(VERSION) build
clean:
	rm -rf build
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
.PHONY: all deps test tests-built fixtures check fault io crash wire cli checks asan tsan run-checked valgrind cov run-cov \
	fuzz run-fuzz stress kills soak hosts conformance schemas bench demo lint fmt fmt-check tidy cppcheck layers headers sizes banned \
	shellcheck hooks install uninstall dist deb clean help
-include $(shell find build -name '*.d' 2>/dev/null)
