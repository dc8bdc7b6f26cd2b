# SPDX-License-Identifier: Apache-2.0
"""The way out to a cluster: the C++ API, `sluice run` and `sluice sql` on a Spark Connect server, which is Sluice's own
or a real Spark 4.2.0."""
import contextlib
import json
import pathlib
import re
import signal
import subprocess
import time
import uuid

import pyarrow.fs as fs
import pyarrow.parquet as pq
import pytest
from rig import connect, lab, program, table
from rig.pipeline import Pipeline
from rig.reviews import COLUMNS, reviews
from servers import kafka as kafka_server
from servers import process
from servers.certificates import make_authority, make_server_certificate

KINDS = ["sluice", "spark"]


def trust_store(ca_file: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The authority of the broker as a JVM takes it."""
    store = folder / "trust.p12"
    keytool = pathlib.Path(kafka_server.java()).parent / "keytool"
    subprocess.run([keytool, "-importcert", "-noprompt", "-alias", "ca", "-file", ca_file, "-keystore", store, "-storetype",
                    "PKCS12", "-storepass", "changeit"], check=True, capture_output=True)
    return store


def spark_flags(ca_file: pathlib.Path, folder: pathlib.Path) -> list[str]:
    """Kafka's connector and its authority."""
    jars = sorted((process.CACHE / "spark-4.2.0" / "kafka-jars").glob("*.jar"))
    if not jars:
        raise process.ServerMissing("no Kafka connector of Spark 4.2.0: tools/deps.sh test")
    store = trust_store(ca_file, folder)
    conf = {"spark.jars": ",".join(map(str, jars)),
            "spark.driver.extraJavaOptions": f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=changeit",
            "spark.sql.shuffle.partitions": "2"}
    return [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]


@pytest.fixture(scope="module")
def servers(kafka, minio, tmp_path_factory):
    """A factory of running servers, each started once; a real Spark only when a test asks for it."""
    started = {}
    with contextlib.ExitStack() as stack:
        def get(kind: str):
            if kind in started:
                return started[kind]
            folder = tmp_path_factory.mktemp(kind)
            if kind == "sluice":
                env = {**minio.env(), "SSL_CERT_FILE": str(kafka.ca_file)}
                prefix = lab.with_checkpoint(folder / "checkpoint")
                started[kind] = stack.enter_context(connect.Server(folder, env=env, prefix=prefix))
                started[kind].checkpoint = folder / "checkpoint"  # of the lab's program
            else:
                started[kind] = connect.SparkServer(folder, *spark_flags(kafka.ca_file, folder))
                stack.callback(started[kind].close)
            return started[kind]
        yield get


@pytest.fixture(params=KINDS)
def server(request, servers):
    return servers(request.param)


def rows_of(tables: list) -> list[str]:
    return sorted("\t".join(str(row[c]) for c in COLUMNS) for t in tables for row in t.to_pylist())


def s3_tables(minio, prefix: str) -> list:
    files = fs.S3FileSystem(access_key=minio.access_key, secret_key=minio.secret_key, session_token=minio.token,
                            endpoint_override=minio.endpoint, region="us-east-1")
    return [pq.read_table(f"hwe-fall/{key}", filesystem=files) for key in minio.list(f"{prefix}/part-", bucket="hwe-fall")]


def commits(folder: pathlib.Path) -> int:
    return len(table.log_numbers(folder / "commits")) if (folder / "commits").exists() else 0


def wait_for_commits(checkpoint: pathlib.Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while commits(checkpoint) < count:
        assert time.monotonic() < deadline, f"{commits(checkpoint)} batches of {count}"
        time.sleep(0.1)


def lab_program_at(server, cwd: pathlib.Path, topic, more: list) -> None:
    """The lab's program with SPARK_REMOTE. When it is killed its query goes on at the server, as that of any client of
    Spark does, and a client with the session's id finds it."""
    url = f"{server.url}/;user_id=lab;session_id={uuid.uuid4()}"
    with program.Running([program.SLUICE.parent / "examples" / lab.NAME], {"SPARK_REMOTE": url}, cwd) as running:
        running.wait_until(lambda: commits(server.checkpoint) >= 3, 120, "three batches")
        running.kill()
    topic.produce(more)
    with connect.session(url) as spark:
        wait_for_commits(server.checkpoint, 4)
        (query,) = spark.streams.active
        query.processAllAvailable()
        query.stop()


def test_the_labs_program_makes_the_same_table_here_and_at_a_server(servers, kafka, minio, sluice, tmp_path):
    """At Sluice's own: a real Spark needs its AWS bundle for the lab's paths; what it takes of other programs is below."""
    settings = lab.environment(kafka, minio, "")

    def prepare(handle: str) -> None:
        (sluice.cwd / ".env").write_text("".join(f"{k}={v}\n" for k, v in {**settings, "HANDLE": handle}.items()))

    sent, more = reviews(0, 2500), reviews(2500, 300)
    tables = {}
    for kind in ("here", "server"):
        with lab.reviews_topic(kafka) as topic:
            topic.produce(sent)
            prepare(kind)
            if kind == "here":
                with lab.start(kafka, sluice.cwd, tmp_path / "checkpoint") as running:
                    running.wait_until(lambda: commits(tmp_path / "checkpoint") >= 3, 60, "three batches")
                    topic.produce(more)
                    count = len(sent) + len(more)
                    running.wait_until(lambda: len(rows_of(s3_tables(minio, "here/bronze/reviews"))) >= count, 60, "all rows")
                    running.signal(signal.SIGTERM)
                    running.wait(60)
            else:
                lab_program_at(servers("sluice"), sluice.cwd, topic, more)
        tables[kind] = s3_tables(minio, f"{kind}/bronze/reviews")
    want = sorted(line.decode() for line in [*sent, *more])
    assert {kind: rows_of(tables[kind]) == want for kind in tables} == {"here": True, "server": True}
    schemas = {kind: str(tables[kind][0].schema.remove_metadata()) for kind in tables}
    assert len(set(schemas.values())) == 1, schemas


@pytest.fixture(scope="module")
def api_program(tmp_path_factory) -> pathlib.Path:
    built = tmp_path_factory.mktemp("api") / "remote_program"
    lib = program.SLUICE.parent / "lib"
    arrow = next((program.ROOT / ".venv" / "lib").glob("python3*/site-packages/pyarrow"))
    subprocess.run(["g++", "-std=c++20", f"-I{program.ROOT}/include", program.ROOT / "tests/rig/remote_program.cc", "-o", built,
                    f"-L{lib}", "-lsluice", f"-Wl,-rpath,{lib}", f"-Wl,-rpath-link,{arrow}"], check=True)
    return built


def api_answers(api_program, cwd: pathlib.Path, env: dict) -> list[str]:
    cwd.mkdir()
    with program.Running([api_program], env, cwd) as running:
        done = running.wait(180)
    assert done.code == 0, done.all[-3000:]
    return done.out.splitlines()


def test_the_api_answers_alike_in_process_and_at_both_servers(servers, api_program, tmp_path):
    here = api_answers(api_program, tmp_path / "here", {})
    at_sluice = api_answers(api_program, tmp_path / "sluice", {"SPARK_REMOTE": servers("sluice").url})
    at_spark = api_answers(api_program, tmp_path / "spark", {"SPARK_REMOTE": servers("spark").url})
    assert at_sluice == at_spark
    # In process a query's end names what ended it; a server says STREAM_FAILED, with the cause in its text.
    assert [line for line in here if not line.startswith("failed:")] == [
        line for line in at_sluice if not line.startswith("failed:")]
    assert "failed: StreamingQueryException STREAM_FAILED XXKST" in at_sluice


def pipeline_of(topic, tmp_path: pathlib.Path, **more) -> Pipeline:
    return Pipeline(topic, tmp_path / "table", tmp_path / "checkpoint", **more)


def identities(folder: pathlib.Path) -> list[tuple]:
    """Of the rows that the table's own log names: every part file, and Spark's log says the same."""
    return table.identities(table.logged_files(folder / "table"))


def test_run_sends_a_file_to_the_server(server, sluice, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 700))
    pipeline = pipeline_of(reviews_topic, tmp_path, max_offsets=300, settings={"spark.sql.session.timeZone": "UTC"})
    file = pipeline.write_sql(tmp_path)
    view = "CREATE TEMPORARY VIEW unused AS SELECT 1 AS one;\n"
    file.write_text(file.read_text().replace("CREATE STREAMING", view + "CREATE STREAMING"))
    done = sluice.ok("run", "--remote", server.url, file)
    batches = re.findall(r"^bronze batch (\d+): (\d+) rows", done.err, re.M)
    assert [int(number) for number, _ in batches][:3] == [0, 1, 2] and sum(int(rows) for _, rows in batches) == 700, done.err
    assert identities(tmp_path) == reviews_topic.expected()
    done = sluice.ok("run", "--remote", server.url, "--progress", "json", file)
    for line in done.out.splitlines():
        assert sum(source.get("numInputRows", 0) for source in json.loads(line)["sources"]) == 0, line
    assert identities(tmp_path) == reviews_topic.expected()


def test_a_signal_stops_the_queries_at_the_server(server, sluice, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 400))
    file = pipeline_of(reviews_topic, tmp_path).write_sql(tmp_path, trigger="processingTime 1 second")
    with sluice.start("run", "--remote", server.url, file) as running:
        running.wait_until(lambda: "rows in all" in running.printed(), 90, "a batch")
        running.signal(signal.SIGTERM)
        done = running.wait(60)
    assert done.code == 0 and re.search(r"sluice: stopped after batch \d", done.err), done.err
    # Nobody runs it any more: here and now it goes on from the same checkpoint.
    reviews_topic.produce(reviews(400, 100))
    sluice.ok("run", "--available-now", file)
    assert identities(tmp_path) == reviews_topic.expected()


def test_sql_prints_the_rows_of_the_server(server, sluice):
    query = ("SELECT id, concat('text ', id) AS s, id / 4 AS q, timestamp'2026-01-02 03:04:05' AS t, array(id, NULL) AS a "
             "FROM range(5) WHERE id > 1 ORDER BY id")
    words = ("--conf", "spark.sql.session.timeZone=UTC", query)
    here = sluice.ok("sql", *words).out
    assert sluice.ok("sql", "--remote", server.url, *words).out == here


@pytest.mark.parametrize("text, error, code", [
    ("SELECT * FROM nowhere", "[TABLE_OR_VIEW_NOT_FOUND]", 1),
    ("SELECT 1 / (id - 1) FROM range(2)", "[DIVIDE_BY_ZERO]", 1),
    ("SELECT nope(id) FROM range(2)", "[UNRESOLVED_ROUTINE]", 1),
    ("SELECT 1 +", "[PARSE_SYNTAX_ERROR]", 2),
])
def test_errors_of_the_server_have_their_class(server, sluice, text, error, code):
    done = sluice.run("sql", "--remote", server.url, text)
    assert done.code == code and error in done.err, done.err
    assert done.err.count(error) == 1, done.err


def test_a_query_that_fails_at_the_server(server, sluice, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 10))
    pipeline = pipeline_of(reviews_topic, tmp_path, select=["CAST(raise_error('as it must') AS STRING) AS x"])
    done = sluice.run("run", "--remote", server.url, pipeline.write_sql(tmp_path))
    assert done.code == 1 and "[STREAM_FAILED]" in done.err and "as it must" in done.err, done.err


def test_a_server_that_is_not_there_is_told_soon(sluice, tmp_path):
    (port,) = process.free_ports(1)
    (tmp_path / "a.sql").write_text("CREATE STREAMING TABLE t USING parquet LOCATION '/nowhere' AS SELECT 1")
    for words in (("sql", "SELECT 1"), ("run", tmp_path / "a.sql")):
        done = sluice.run(words[0], "--remote", f"sc://localhost:{port}", *words[1:], timeout=60)
        assert done.code == 2 and "SLUICE_REMOTE.UNAVAILABLE" in done.err and f"localhost:{port}" in done.err, done.err
        assert done.seconds < 30
    for url in ("localhost", "sc://localhost/path", "sc://localhost/;token"):
        done = sluice.run("sql", "--remote", url, "SELECT 1")
        assert done.code == 2 and "[INVALID_CONNECT_URL]" in done.err, done.err
    done = sluice.run("sql", "--remote", "sc://localhost", "--memory", "1G", "SELECT 1")
    assert done.code == 2 and "--memory" in done.err


def test_tokens_and_tls(sluice, tmp_path):
    token = "a-token-of-forty-characters-abcdefghij0123"
    program.secrets.add(token)
    (tmp_path / "token").write_text(token)
    (tmp_path / "token").chmod(0o600)
    make_authority(tmp_path, "the server's authority")
    make_server_certificate(tmp_path)
    with connect.Server(tmp_path / "plain", "--token-file", tmp_path / "token") as plain:
        assert "ok" in sluice.ok("sql", "--remote", f"{plain.url}/;token={token}", "SELECT 'ok' AS ok").out
        assert "ok" in sluice.ok("sql", "--remote", plain.url, "SELECT 'ok'", env={"SPARK_CONNECT_AUTHENTICATE_TOKEN": token}).out
        for url in (plain.url, f"{plain.url}/;token=another"):
            done = sluice.run("sql", "--remote", url, "SELECT 1")
            assert done.code == 2 and "SLUICE_REMOTE.UNAUTHENTICATED" in done.err, done.err
        # By any other name the token would need TLS, which this server does not speak.
        done = sluice.run("sql", "--remote", f"sc://127.0.0.1:{plain.port}/;token={token}", "SELECT 1")
        assert done.code == 2 and "SLUICE_REMOTE.UNAVAILABLE" in done.err, done.err
    with connect.Server(tmp_path / "tls", "--token-file", tmp_path / "token", "--tls-cert", tmp_path / "server.crt", "--tls-key",
                        tmp_path / "server.key") as tls:
        url = f"{tls.url}/;use_ssl=true;token={token}"
        assert "ok" in sluice.ok("sql", "--remote", url, "SELECT 'ok'", env={"SSL_CERT_FILE": str(tmp_path / "ca.crt")}).out
        done = sluice.run("sql", "--remote", url, "SELECT 1")  # an authority that nobody knows
        assert done.code == 2 and "SLUICE_REMOTE.UNAVAILABLE" in done.err, done.err
