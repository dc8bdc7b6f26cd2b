# SPDX-License-Identifier: Apache-2.0
"""make bench-queries: the lab's queries over one table on Sluice, on a warm Spark and on a warm DuckDB, in one run and in
alternating rounds. Each answer is compared. A table to the terminal, all figures to build/bench/queries.json."""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests"), str(ROOT / "bench")]
import engines  # noqa: E402  (the paths come first)
import report  # noqa: E402

# What is asked, and whether the rows themselves are fixed by the question (else only their number is compared).
QUERIES = [
    ("SELECT product_title FROM t LIMIT 10", False),
    ("SELECT review_timestamp FROM t LIMIT 1", False),
    ("SELECT COUNT(*) FROM t", True),
    ("SELECT star_rating, COUNT(*) AS n FROM t GROUP BY star_rating ORDER BY n DESC, star_rating", True),
    ("SELECT review_timestamp, COUNT(*) AS n FROM t GROUP BY review_timestamp ORDER BY n DESC, 1 LIMIT 10", True),
    ("SELECT review_timestamp FROM t GROUP BY review_timestamp ORDER BY review_timestamp LIMIT 10", True),
    ("SELECT COUNT(*) FROM t WHERE star_rating = '5' AND verified_purchase = 'N'", True),
    ("SELECT product_title, star_rating FROM t WHERE review_id = 'R0000000054321'", True),
    ("SELECT COUNT(DISTINCT product_id) FROM t", True),
    ("SELECT COUNT(DISTINCT customer_id) FROM t", True),
    ("SELECT product_category, AVG(CAST(star_rating AS INT)) AS r FROM t GROUP BY product_category ORDER BY 1", False),
    ("SELECT review_id, helpful_votes FROM t ORDER BY review_id DESC LIMIT 10", True),
]


class Worker:
    """A process that answers SQL lines with JSON lines."""

    def __init__(self, command: list, log: pathlib.Path, env: dict | None = None, table: str | None = None):
        self.table = table  # written for t in the SQL; none: the process has a view t
        self.child = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=open(log, "wb"), text=True, env=env, start_new_session=True)

    def ask(self, sql: str) -> dict:
        sql = sql.replace("FROM t", f"FROM {self.table}") if self.table else sql
        self.child.stdin.write(sql + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.child.args[0]} ended at: {sql}")
        return json.loads(line)

    def close(self) -> None:
        self.child.stdin.close()
        self.child.wait(60)


def start_workers(options, table: pathlib.Path, work: pathlib.Path) -> dict[str, Worker]:
    name = f"parquet.`{table}`"
    workers = {"Sluice": Worker([engines.PROGRAMS / "bench/run_queries", options.memory], work / "sluice.log", table=name)}
    if (engines.PEERS / "bin/python").exists():
        workers["DuckDB"] = Worker([engines.PEERS / "bin/python", ROOT / "bench/query_worker.py", "duckdb", table],
                                   work / "duckdb.log")
    if not options.no_spark and (engines.SPARK / "bin/python").exists():
        env = engines.spark_environment(work)
        workers["Spark 4.2.0, warm"] = Worker(
            [engines.SPARK / "bin/python", ROOT / "bench/query_worker.py", "spark", table], work / "spark.log", env)
    return workers


def comparable(rows: list, exact: bool):
    def cell(text):
        return None if text is None else text.removesuffix("+00:00").removesuffix(".000000")

    return sorted(([cell(c) for c in row] for row in rows), key=str) if exact else len(rows)


def ask_everyone(workers: dict[str, Worker], sql: str, exact: bool, rounds: int) -> dict:
    answers, times, cpu, read = {}, {n: [] for n in workers}, {n: [] for n in workers}, None
    names = list(workers)
    for number in range(rounds + 1):
        # Each goes first in turn: a JVM is still at work for a while after its answer, and its successor would pay for that.
        for name in names[number % len(names):] + names[:number % len(names)]:
            reply = workers[name].ask(sql)
            answers[name] = comparable(reply["rows"], exact)
            if number > 0:  # the first warms up
                times[name].append(reply["s"])
                cpu[name].append(reply["cpu_s"])
            read = reply.get("read", read)
    first = next(iter(answers.values()))
    different = [name for name, answer in answers.items() if answer != first]
    if different:
        raise SystemExit(f"bench: {different} give other rows for {sql}:\n{answers}")
    return {"sql": sql, "read_bytes": read, "s": {n: statistics.median(t) for n, t in times.items()},
            "cpu_s": {n: statistics.median(t) for n, t in cpu.items()}, "all_s": times}


def table_of(found: dict) -> str:
    names = list(found["queries"][0]["s"])
    head = ["", *(f"{n} ms" for n in names), *(f"{n} CPU ms" for n in names), "MB read",
            *(f"{n} / Sluice" for n in names[1:])]
    rows = []
    for query in found["queries"]:
        wall, cpu = query["s"], query["cpu_s"]
        rows.append([query["sql"].replace("|", "\\|"), *(f"{wall[n] * 1000:.1f}" for n in names),
                     *(f"{cpu[n] * 1000:.0f}" for n in names), f"{(query['read_bytes'] or 0) / 1e6:.1f}",
                     *(f"{wall[n] / wall['Sluice']:.2f}" for n in names[1:])])
    return (f"{found['records']:,} reviews, {found['table_mb']:,.0f} MB in {found['files']} files, {found['cores']} cores, "
            f"median of {found['rounds']} rounds after one to warm up\n" + report._markdown(head, rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--batches", type=int, default=20, help="the table has two files a batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="2g", help="Sluice's budget: distinct values are kept in memory")
    parser.add_argument("--no-spark", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the table; one that is there is used again")
    options = parser.parse_args()
    out = ROOT / "build" / "bench"
    work = out / "queries"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    table = (options.keep or work / "table").resolve()
    if not (table / "_spark_metadata").exists():
        started = time.monotonic()
        subprocess.run([engines.PROGRAMS / "bench/write_table", table, str(options.records), str(options.batches)], check=True)
        print(f"bench: wrote the table in {time.monotonic() - started:.0f} s", flush=True)
    workers = start_workers(options, table, work)
    found = {"records": int(workers["Sluice"].ask("SELECT COUNT(*) FROM t")["rows"][0][0]), "rounds": options.rounds, "cores": os.cpu_count(),
             "when": time.strftime("%Y-%m-%d"), "files": len(list(table.glob("*.parquet"))),
             "table_mb": sum(f.stat().st_size for f in table.glob("*.parquet")) / 1e6, "queries": []}
    try:
        for sql, exact in QUERIES:
            found["queries"].append(ask_everyone(workers, sql, exact, options.rounds))
            print(f"bench: {sql}: " + ", ".join(f"{n} {s * 1000:.1f} ms" for n, s in found["queries"][-1]["s"].items()), flush=True)
    finally:
        for worker in workers.values():
            worker.close()
        shutil.rmtree(work, ignore_errors=True)
    (out / "queries.json").write_text(json.dumps(found, indent=1) + "\n")
    print(table_of(found))
    print(f"All figures: {(out / 'queries.json').relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
