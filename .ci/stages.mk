# What must be green, each stage a verb of the project's Makefile. .ci/run calls this, with several at a time.
# What a stage says comes in one piece when it is done. When one fails no other begins, and those that run are waited for.

# The long ones first, so that none of them is left alone at the end.
STAGES := lint types test test-all image-test ecosystem tours bench-quick

# What `test` runs on this machine's own Python is not run again.
test-all: ARGS := --sessions tests-3.12 tests-3.13 tests-3.14 preview deploy

.PHONY: all $(STAGES)
all: $(STAGES)

$(STAGES):
	@began=$$(date +%s); $(MAKE) --no-print-directory --makefile=Makefile $@ ARGS="$(ARGS)"; status=$$?; \
	echo "== $@: $$(($$(date +%s) - began)) s, exit status $$status" | tee -a .cache/stages; exit $$status

# These install into the environment that the tests run in.
tours: test
bench-quick: tours
