# SPDX-License-Identifier: Apache-2.0
# make            what Sluice is built from, then build/release/sluice (seconds when all is there)
# make demo       the whole pipeline in one process
# make test       checks, both builds, all tests, with real servers
# make package    a tar.gz, a .deb and a wheel in build/package, each tried where nothing is installed (as root)
# make bench      the benchmark table        make crash       every crash point (long)
# make memory     the memory budget, all cases
# make bench-batches, bench-queries, bench-start, bench-scale, bench-partitioned, bench-state, bench-connect,
#   bench-nexmark: small batches, SQL, start-up, growth, a table in partition folders, queries that keep state, PySpark, Nexmark
# make bombs      2,000 texts that are deep, wide, long or grow, under 64 MiB
# make faults     every fault of S3, Kafka, credentials and two writers, on real servers (long)
# make histories  1,000 random histories in one process (SEED=n replays one)
# make expressions SEED=1   20,000 drawn SQL expressions beside real Spark (long; COUNT=n draws others)
# make stateful SEED=1      50 drawn queries that keep state, batch by batch beside real Spark (long; COUNT=n draws others)
# make tsan       ThreadSanitizer            make tidy        clang-tidy on every file
# make fuzz SECONDS=60   every fuzz target that long, under libFuzzer (TARGETS="sql_text jaas": only these)
# make damage     every byte of a checkpoint and sink log damaged   make resources  10,000 batches, full disks (long)
# make mutants    small changes of meaning, each of which its test must notice (MUTANTS="kafka-delivery-error": only these)
# make clients    the Spark Connect clients of Go, the JVM, JDBC, Ibis and dbt, on Sluice and on Spark
# make interop-s3 take-over with Spark on S3 (fetches its 655 MB AWS bundle)
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

.PHONY: all demo test package bench bench-batches bench-queries bench-start bench-scale bench-partitioned bench-state bench-connect \
	bench-nexmark memory tsan fuzz crash faults bombs damage resources histories expressions stateful clients interop-s3 parquet-corpus mutants tidy \
	format clean
all:
	@tools/deps.sh build
	@tools/build.sh release sluice examples

demo: all
	@build/release/sluice demo

test:
	@tools/test.sh

package:
	@tools/deps.sh package
	@tools/build.sh release sluice sluice_library
	@tools/package.sh
	@tools/try_packages.sh

bench:
	@tools/deps.sh bench
	@tools/build.sh release sluice bench
	@.venv/bin/python bench/bronze.py $(BENCH)

bench-batches bench-queries bench-start bench-scale bench-partitioned bench-state bench-connect bench-nexmark:
	@tools/deps.sh bench
	@tools/build.sh release sluice bench
	@.venv/bin/python bench/$(@:bench-%=%).py $(BENCH)

tsan:
	@tools/deps.sh build
	@tools/build.sh tsan {base,checkpoint,env,exec,connectors,streaming}_test
	@tools/tsan.sh

memory:
	@tools/deps.sh test
	@tools/build.sh release sluice bench
	@.venv/bin/python -m pytest -q -rP tests/memory --all-budgets $(PYTEST)

bombs:
	@tools/deps.sh test
	@tools/build.sh release sluice
	@.venv/bin/python -m pytest -q tests/bombs --all-bombs $(PYTEST)

fuzz:
	@tools/deps.sh fuzz
	@tools/build.sh fuzz sluice_fuzz
	@tools/fuzz.sh $(or $(SECONDS),60) $(TARGETS)

crash:
	@tools/deps.sh test
	@tools/build.sh release sluice faulty_sluice
	@.venv/bin/python -m pytest -q -s tests/crash --all-crash-points $(PYTEST)

faults:
	@tools/deps.sh test
	@tools/build.sh release sluice examples
	@.venv/bin/python -m pytest -q tests/faults tests/interop/test_fencing.py tests/interop/test_secrets.py tests/interop/test_stream_joins.py --all-faults $(PYTEST)

parquet-corpus:
	@tools/deps.sh build
	@tools/build.sh release sluice
	@.venv/bin/python tools/parquet_corpus.py $(or $(DIR),build/parquet-corpus --make)

damage:
	@tools/deps.sh build
	@tools/build.sh release streaming_test
	@SLUICE_DAMAGE=all build/release/streaming_test --gtest_filter='*Damage*'

resources:
	@tools/deps.sh test
	@tools/build.sh release sluice
	@.venv/bin/python -m pytest -q -s tests/resources --batches 10000 --log-entries 1000000 $(PYTEST)

histories:
	@tools/deps.sh build
	@tools/build.sh release histories_test
	@SLUICE_SEED=$(or $(SEED),1) SLUICE_HISTORIES=$(or $(COUNT),$(if $(SEED),1,1000)) build/release/histories_test 2>/dev/null

expressions:
	@tools/deps.sh test
	@tools/build.sh release session_test
	@.venv/bin/python tests/expressions/compare.py --seed $(or $(SEED),1) --count $(or $(COUNT),20000)

stateful:
	@tools/deps.sh test
	@tools/build.sh release sluice
	@.venv/bin/python tests/stateful/compare.py --seed $(or $(SEED),1) --count $(or $(COUNT),50)

mutants:
	@tools/deps.sh test
	@python3 tools/mutants.py run $(MUTANTS)

clients:
	@tools/deps.sh clients
	@tools/build.sh release sluice
	@.venv/bin/python -m pytest -q tests/clients --all-clients $(PYTEST)

interop-s3:
	@tools/deps.sh s3spark
	@tools/build.sh release sluice
	@.venv/bin/python -m pytest -q tests/interop --spark-s3 -m spark_s3 $(PYTEST)

tidy:
	@tools/deps.sh test
	@tools/build.sh debug configure
	@python3 tools/check_changed.py --tidy-seconds 0 --all

format:
	@git ls-files -co --exclude-standard '*.h' '*.cc' | xargs -r clang-format -i

clean:
	@rm -rf build
