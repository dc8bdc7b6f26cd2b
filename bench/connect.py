# SPDX-License-Identifier: Apache-2.0
"""make bench-connect: PySpark on `sluice server` and on a real Spark Connect server, in alternating rounds of one run: the start, a
small query, rows in both directions, Python functions, open streams; and whole programs, by `sluice submit` and by Spark's own
Python. What it found goes to the terminal, to build/bench/connect.json and into docs/performance.md."""
import argparse
import concurrent.futures
import datetime
import json
import multiprocessing
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests"), str(ROOT / "bench")]
import engines  # noqa: E402  (the paths come first)
import measure  # noqa: E402
import report  # noqa: E402
from rig import connect  # noqa: E402
from rig.pipeline import Pipeline  # noqa: E402
from servers import kafka  # noqa: E402

BEGIN, END = "<!-- bench: written by make bench-connect -->", "<!-- bench: end of connect -->"
OWN_SESSION = ["setsid"]  # by which the processes of a server are known
STREAMS = 1000


def apart(work, *given):
    """In a process of its own: the peak memory of a program begins with that of the process which starts it."""
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def median_ms(ask, times: int) -> float:
    took = []
    for _ in range(times):
        began = time.monotonic()
        ask()
        took.append((time.monotonic() - began) * 1000)
    return statistics.median(took)


def select_one(spark) -> float:
    return median_ms(lambda: spark.sql("select 1").collect(), 200)


COLUMNS = ["id", "id * 0.5 AS half", "CAST(id AS STRING) AS name"]


def to_pandas(spark) -> float:
    return median_ms(spark.range(1_000_000).selectExpr(*COLUMNS).toPandas, 5)


def create_frame(spark) -> float:
    import pandas

    rows = pandas.DataFrame({"id": range(100_000), "half": [i * 0.5 for i in range(100_000)], "name": [str(i) for i in range(100_000)]})
    return median_ms(lambda: spark.createDataFrame(rows).count(), 5)


def python_function(spark, arrow: bool) -> float:
    from pyspark.sql.functions import sum as total
    from pyspark.sql.functions import udf

    add = udf(lambda value: value + 1, "bigint", useArrow=arrow)
    return median_ms(lambda: spark.range(1_000_000).select(total(add("id"))).collect(), 3)


def for_each_batch(spark, folder: pathlib.Path) -> float:
    """Milliseconds from one empty batch to the next."""
    rows = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 1).load()
    query = (rows.writeStream.foreachBatch(lambda frame, batch: None).trigger(processingTime="0 seconds")
             .option("checkpointLocation", str(folder)).start())
    batches, began = 0, 0.0
    while batches < 220:  # the first ones warm it up
        time.sleep(0.01)
        progress = query.lastProgress
        if progress is not None and progress.batchId >= 20 and not began:
            first, began = progress.batchId, time.monotonic()
        batches = progress.batchId if progress is not None else 0
    took = (time.monotonic() - began) / (batches - first) * 1000
    query.stop()
    return took


QUESTIONS = {
    "`select 1`, collected": select_one,
    "toPandas, 1,000,000 rows of 3 columns": to_pandas,
    "createDataFrame and count, 100,000 rows": create_frame,
    "sum of a Python function, 1,000,000 rows, Arrow": lambda spark: python_function(spark, arrow=True),
    "sum of a Python function, 1,000,000 rows, pickled": lambda spark: python_function(spark, arrow=False),
}


def status_of(leader: int) -> tuple[int, float]:
    """Threads and resident MB of a process."""
    lines = pathlib.Path(f"/proc/{leader}/status").read_text().splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in lines if len(line.split()) > 1}
    return int(found["Threads"]), int(found["VmRSS"]) * 1024 / 1e6


def open_streams(port: int, leader: int) -> dict:
    """Listeners of as many sessions, whose streams of replies stay open."""
    import grpc
    from pyspark.sql.connect.proto import ExecutePlanRequest, StreamingQueryListenerBusCommand
    from pyspark.sql.connect.proto.base_pb2_grpc import SparkConnectServiceStub

    channel = grpc.insecure_channel(f"localhost:{port}", options=[("grpc.use_local_subchannel_pool", 1)])
    stub, streams = SparkConnectServiceStub(channel), []
    for number in range(STREAMS):
        request = ExecutePlanRequest(session_id=str(uuid.uuid4()), operation_id=str(uuid.uuid4()))
        request.user_context.user_id = f"listener-{number % 10}"
        request.plan.command.streaming_query_listener_bus_command.CopyFrom(
            StreamingQueryListenerBusCommand(add_listener_bus_listener=True))
        streams.append(stub.ExecutePlan(request))
    heard = sum(any(reply.HasField("streaming_query_listener_events_result") for reply in stream) for stream in streams)
    time.sleep(5)  # threads that began them end when they have nothing to do
    threads, resident = status_of(leader)
    for stream in streams:
        stream.cancel()
    channel.close()
    return {"streams": heard, "threads": threads, "resident_mb": resident}


def without_client(port: int) -> dict:
    """Two of the questions as messages by gRPC alone, whose answers nobody looks at: what is left of them is PySpark's own time."""
    import grpc
    from pyspark.sql.connect.proto import ExecutePlanRequest, Plan
    from pyspark.sql.connect.proto.base_pb2_grpc import SparkConnectServiceStub

    channel = grpc.insecure_channel(f"localhost:{port}", options=[("grpc.max_receive_message_length", 128 << 20)])
    stub, session_id = SparkConnectServiceStub(channel), str(uuid.uuid4())

    def ask(*plans: Plan) -> None:
        for plan in plans:
            request = ExecutePlanRequest(session_id=session_id, operation_id=str(uuid.uuid4()), plan=plan)
            request.user_context.user_id = "raw"
            for _ in stub.ExecutePlan(request):
                pass

    command, rows = Plan(), Plan()
    command.command.sql_command.input.sql.query = rows.root.sql.query = "select 1"
    million = Plan()
    million.root.sql.query = f"SELECT {', '.join(COLUMNS)} FROM range(1000000)"
    found = {"`select 1`, collected": median_ms(lambda: ask(command, rows), 200),
             "toPandas, 1,000,000 rows of 3 columns": median_ms(lambda: ask(million), 5)}
    channel.close()
    return found


def from_start(folder: pathlib.Path) -> float:
    """Milliseconds from exec of the server to the first answer, the client's modules being loaded."""
    began = time.monotonic()
    with connect.Server(folder, prefix=OWN_SESSION) as server, connect.session(server.url) as spark:
        spark.sql("select 1").collect()
        return (time.monotonic() - began) * 1000


def ask_servers(rounds: int, work: pathlib.Path) -> dict:
    found = {"start_ms": statistics.median(from_start(work / f"start-{n}") for n in range(5))}
    each: dict[str, dict[str, list]] = {}
    theirs = connect.SparkServer(work / "spark", prefix=OWN_SESSION)
    with connect.Server(work / "sluice", prefix=OWN_SESSION, env={"PYSPARK_PYTHON": sys.executable}) as ours:
        time.sleep(3)
        found["idle_mb"] = {"Sluice": status_of(ours.running.child.pid)[1], "Spark": status_of(theirs.child.pid)[1]}
        for number in range(rounds):
            for name, url, leader in (("Sluice", ours.url, ours.running.child.pid), ("Spark", theirs.url, theirs.child.pid)):
                for question, ask in {**QUESTIONS, "an empty batch of foreachBatch": None}.items():
                    with connect.session(url) as spark:
                        before = measure.session_cpu(leader)
                        took = ask(spark) if ask else for_each_batch(spark, work / f"{name}-{number}")
                        each.setdefault(question, {}).setdefault(name, []).append(
                            {"ms": took, "cpu_s": measure.session_cpu(leader) - before})
                print(f"bench: round {number + 1}, {name}: " +
                      ", ".join(f"{question} {m[name][-1]['ms']:.1f} ms" for question, m in each.items()), flush=True)
        found["raw"] = without_client(ours.port)
        found["open"] = open_streams(ours.port, ours.running.child.pid)
    theirs.close()
    found["asked"] = {question: {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in m.items()}
                      for question, m in each.items()}
    return found


def customers(reviews: pathlib.Path, file: pathlib.Path) -> None:
    """Every tenth customer of the reviews."""
    import pyarrow
    from pyarrow import compute, csv, parquet

    read = csv.read_csv(reviews, read_options=csv.ReadOptions(autogenerate_column_names=True),
                        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
                        convert_options=csv.ConvertOptions(include_columns=["f1"]))
    ids = compute.unique(read["f1"]).to_pylist()[::10]
    rows = {"customer_id": pyarrow.array(ids, pyarrow.int32()), "customer_name": [f"Name{i % 977} Other{i % 1009}" for i in ids],
            "gender": ["FMX"[i % 3] for i in ids], "state": [f"S{i % 50:02}" for i in ids],
            "date_of_birth": [datetime.date(1950, 1, 1) + datetime.timedelta(days=i % 18_000) for i in ids]}
    parquet.write_table(pyarrow.table(rows), file)


def run_programs(records: int, rounds: int, work: pathlib.Path) -> dict:
    """Each program whole, with the Python that runs it; their answers must be equal."""
    reviews, people, bronze = work / "reviews.tsv", work / "customers.parquet", work / "bronze"
    measure.run([engines.PROGRAMS / "bench/produce", "--file", reviews, records])
    apart(customers, reviews, people)
    subprocess.run([engines.PROGRAMS / "bench/write_table", bronze, str(records), "4"], check=True)
    given = {"week2": [reviews], "week3": [reviews, people], "week5": [bronze, people]}
    engine = engines.python_programs(work, "")
    found = {}
    for program, files in given.items():
        runs: dict[str, list] = {name: [] for name in engine}
        for number in range(rounds):
            printed = {}
            for name, (command, env) in engine.items():
                out = engines.fresh(work / f"{program}-{name}")
                usage = measure.run([*command, ROOT / f"bench/programs/{program}.py", *files, out], env=env, log=work / "log", limit=1800)
                runs[name].append({"cpu_s": usage.cpu_s, "wall_s": usage.wall_s, "peak_mb": usage.peak_mb})
                printed[name] = [line for line in usage.output.splitlines() if line.startswith(("|", "+")) or line.isdigit()]
            assert printed["Sluice"] == printed["Spark"] and len(printed["Spark"]) > 4, printed
            print(f"bench: round {number + 1}, {program}: " + str({name: m[-1] for name, m in runs.items()}), flush=True)
        found[program] = {name: {key: statistics.median(run[key] for run in m) for key in m[0]} for name, m in runs.items()}
    return found


def bronze_by_submit(records: int, rounds: int, work: pathlib.Path) -> dict:
    """The bronze job from a SQL file and from PySpark, and a Python that does nothing but load the client."""
    broker = kafka.Kafka(detached=False)
    try:
        topic = engines.fill(broker, "bench-connect", 2, records)
        runs: dict[str, list[float]] = {"sluice run": [], "sluice submit": [], "Python alone": []}
        for number in range(rounds):
            for name in runs:
                folder = engines.fresh(work / f"bronze-{number}")
                job = Pipeline(topic, folder / "table", folder / "checkpoint", kafka_columns=False)
                command = {"sluice run": [engines.PROGRAMS / "sluice", "run", "--progress", "none", job.write_sql(folder)],
                           "sluice submit": [engines.PROGRAMS / "sluice", "submit", ROOT / "bench/programs/bronze.py",
                                             json.dumps(job.spark_job())],
                           "Python alone": [engines.PROGRAMS / "sluice", "submit", ROOT / "bench/programs/nothing.py"]}[name]
                runs[name].append(measure.run(command, env={**os.environ, "PYSPARK_PYTHON": sys.executable}, log=work / "log").cpu_s)
        print(f"bench: the bronze job: {runs}", flush=True)
        return {"records": records, **{name: statistics.median(cpu) for name, cpu in runs.items()}}
    finally:
        broker.close()


def text(found: dict) -> str:
    parts = [f"Spark Connect, {found['cores']} cores, {found['machine']}, {found['when']}, {report.rounds_of(found['rounds'])}, both servers "
             "warm:"]
    if "asked" in found:
        parts.append(report._markdown(
            ["", "Sluice ms", "without PySpark ms", "Spark ms", "ratio", "server CPU, ratio"],
            [[question, f"{m['Sluice']['ms']:,.1f}", f"{found['raw'][question]:,.1f}" if question in found["raw"] else "",
              f"{m['Spark']['ms']:,.1f}", f"{m['Spark']['ms'] / m['Sluice']['ms']:.1f}",
              f"{m['Spark']['cpu_s'] / max(m['Sluice']['cpu_s'], 0.01):.1f}"] for question, m in found["asked"].items()]))
        idle, streams = found["idle_mb"], found["open"]
        parts.append(f"An idle server holds {idle['Sluice']:.0f} MB (Spark's {idle['Spark']:,.0f}); from its exec to the first answer "
                     f"{found['start_ms']:.0f} ms; with {streams['streams']:,} open streams it has {streams['threads']} threads and "
                     f"{streams['resident_mb']:.0f} MB.")
    if "bronze" in found:
        job = found["bronze"]
        parts.append(f"The bronze job of {job['records']:,} reviews takes {job['sluice run']:.2f} CPU s by `sluice run`, "
                     f"{job['sluice submit']:.2f} by `sluice submit`, of which {job['Python alone']:.2f} are a program that does nothing.")
    if "programs" in found:
        parts.append(f"Whole programs (`bench/programs`) over {found['records']:,} reviews, Spark over Sluice:")
        parts.append(report._markdown(
            ["", "CPU", "wall", "peak memory", "Sluice CPU s", "Sluice MB"],
            [[name, *(f"{m['Spark'][key] / m['Sluice'][key]:.1f}" for key in ("cpu_s", "wall_s", "peak_mb")),
              f"{m['Sluice']['cpu_s']:.1f}", f"{m['Sluice']['peak_mb']:.0f}"] for name, m in found["programs"].items()]))
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=10_000_000, help="reviews of the whole programs")
    parser.add_argument("--skip", nargs="*", default=[], choices=["servers", "programs", "bronze"], help="what the last run found stays")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/performance.md as it is")
    options = parser.parse_args()
    work = engines.fresh(ROOT / "build/bench/work-connect")
    kept = ROOT / "build/bench/connect.json"
    found = json.loads(kept.read_text()) if options.skip and kept.exists() else {}
    found |= {"rounds": options.rounds, "records": options.records, "cores": os.cpu_count(), "machine": platform.machine(),
             "when": time.strftime("%Y-%m-%d")}
    parts = {"servers": lambda: apart(ask_servers, options.rounds, work),
             "bronze": lambda: {"bronze": bronze_by_submit(1_000_000, options.rounds, work)},
             "programs": lambda: {"programs": run_programs(options.records, options.rounds, work)}}
    for name, measured in parts.items():
        if name not in options.skip:
            found |= measured()
            kept.write_text(json.dumps(found, indent=1) + "\n")  # what comes after may fail
    print(text(found))
    if not options.no_docs:
        report.put(BEGIN, END, text(found))


if __name__ == "__main__":
    main()
