# SPDX-License-Identifier: Apache-2.0
"""Temporary keys expire while a query runs: where the source has fresh ones they are used in time, and where it has none
the error says what to do. Real MinIO with keys by STS; a proxy in front of it plays the clock and calls a key expired."""
import datetime
import http.server
import json
import signal
import stat
import threading
import time

import pytest
from rig import lab, program, table
from rig.metrics import Metrics, free_port, get
from rig.pipeline import Pipeline
from rig.reviews import reviews
from rig.s3_proxy import S3Proxy

pytestmark = pytest.mark.fault_sample(5)
LAST_SECONDS = 63  # a key is replaced a minute before it expires


class Gate:
    """The proxy, and which keys it lets through."""

    def __init__(self, minio):
        self.expired: set[str] = set()
        self.refused, self.used = 0, []
        self.on_refusal = None
        self.proxy = S3Proxy(minio.endpoint, lambda *_: self._judge)

    def _judge(self, exchange):
        key = exchange.access_key
        if key not in self.used:
            self.used.append(key)
        if key in self.expired:
            self.refused += 1
            if self.on_refusal:
                self.on_refusal()
            if exchange.method == "HEAD":
                exchange.answer(400, [], b"")
            else:
                exchange.error(400, "ExpiredToken")
        else:
            exchange.answer(*exchange.forward())


@pytest.fixture
def gate(minio):
    gate = Gate(minio)
    yield gate
    gate.proxy.close()


@pytest.fixture
def keys(minio):
    """Fresh triples; all of them are searched for in every output at the end of the session."""
    def make() -> dict[str, str]:
        triple = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), minio.assume_role()))
        program.secrets.update((triple["AWS_SECRET_ACCESS_KEY"], triple["AWS_SESSION_TOKEN"]))
        return triple
    return make


def save(path, text: str) -> None:
    """As editors do: a new file takes the place of the old one."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    fresh.replace(path)


def lines(values: dict[str, str]) -> str:
    return "".join(f"{k}={v}\n" for k, v in values.items())


def profile(triple: dict[str, str]) -> str:
    return "[lab]\n" + lines({k.lower(): v for k, v in triple.items()})


def answer(triple: dict[str, str], seconds: float | None) -> str:
    """What credential_process prints; the endpoints say nearly the same."""
    values = {"Version": 1, "AccessKeyId": triple["AWS_ACCESS_KEY_ID"], "SecretAccessKey": triple["AWS_SECRET_ACCESS_KEY"],
              "SessionToken": triple["AWS_SESSION_TOKEN"], "Token": triple["AWS_SESSION_TOKEN"], "Code": "Success"}
    if seconds is not None:
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        values["Expiration"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(values)


class Endpoint:
    """Hands out keys as a container's endpoint and as an instance's metadata service (version 2: by a token)."""

    def __init__(self):
        self.reply, self.asked = "", 0
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_PUT(self):
                self.say("metadata-token-canary" if self.path == "/latest/api/token" else None)

            def do_GET(self):
                if self.path == "/container":
                    allowed = self.headers.get("Authorization") == "container-token-canary"
                    self.say(endpoint.give() if allowed else None)
                elif self.headers.get("x-aws-ec2-metadata-token") != "metadata-token-canary":
                    self.say(None)
                elif self.path == "/latest/meta-data/iam/security-credentials/":
                    self.say("lab-role")
                else:
                    self.say(endpoint.give())

            def say(self, text):
                body = (text or "").encode()
                self.send_response_only(200 if text else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def give(self) -> str:
        self.asked += 1
        return self.reply

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def endpoint():
    program.secrets.update(("metadata-token-canary", "container-token-canary"))
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


class Source:
    """A place that credentials come from, as a query sees it: `give` puts a triple there."""

    def __init__(self, name: str, folder, endpoint):
        self.name, self.folder, self.endpoint = name, folder, endpoint
        self.env: dict[str, str] = {}
        self.tells_expiry = name in ("process", "container", "instance")
        (folder / "config").write_text("")
        if name == "dotenv":
            self.place = folder / "cwd" / ".env"
        elif name == "profile":
            self.place = folder / "credentials"
            self.env = {"AWS_PROFILE": "lab", "AWS_SHARED_CREDENTIALS_FILE": str(self.place),
                        "AWS_CONFIG_FILE": str(folder / "config")}
        elif name == "process":
            self.place = folder / "answer.json"
            helper = folder / "helper.sh"
            helper.write_text(f"#!/bin/sh\ncat '{self.place}'\n")
            helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
            (folder / "config").write_text(f"[default]\ncredential_process = {helper}\n")
            self.env = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none")}
        elif name == "container":
            self.env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{endpoint.url}/container",
                        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token-canary"}
        elif name == "instance":
            self.env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint.url, "AWS_EC2_METADATA_DISABLED": "false"}
        self.env["HOME"] = str(folder)

    def give(self, triple: dict[str, str], seconds: float | None = None) -> None:
        if self.name == "dotenv":
            save(self.place, lines(triple))
        elif self.name == "profile":
            save(self.place, profile(triple))
        elif self.name == "process":
            save(self.place, answer(triple, seconds))
        else:
            self.endpoint.reply = answer(triple, seconds)


@pytest.fixture(params=["dotenv", "profile", "process", "container", "instance"])
def source(request, sluice, tmp_path, endpoint):
    return Source(request.param, tmp_path, endpoint)


def reach(sluice, gate, source) -> None:
    sluice.env.update({"AWS_ENDPOINT_URL": gate.proxy.endpoint, "AWS_REGION": "us-east-1", **source.env})


def make_pipeline(topic, minio, tmp_path) -> Pipeline:
    base = f"s3a://{minio.bucket}/keys-{tmp_path.name}"
    return Pipeline(topic, f"{base}/table", f"{base}/checkpoint", max_offsets=20)


def check(minio, tmp_path, topic) -> None:
    files = []
    for key in minio.list(f"keys-{tmp_path.name}/table/part-"):
        files.append(tmp_path / key.rpartition("/")[2])
        files[-1].write_bytes(minio.get(key))
    table.assert_exactly_once(table.identities(files), topic.expected(), "plain listing")


def batches(minio, tmp_path) -> int:
    return len(minio.list(f"keys-{tmp_path.name}/checkpoint/commits/"))


def test_fresh_keys_are_used_before_the_old_ones_expire(sluice, source, gate, keys, minio, topic, tmp_path):
    pipeline = make_pipeline(topic(), minio, tmp_path)
    old, fresh = keys(), keys()
    source.give(old, LAST_SECONDS + 4)
    reach(sluice, gate, source)
    pipeline.topic.produce(reviews(0, 40))
    job = pipeline.write_sql(tmp_path / "job", "processingTime 50 milliseconds")
    with sluice.start("run", "--log-level", "trace", job) as running:
        running.wait_until(lambda: batches(minio, tmp_path) >= 2, 60, "two batches")
        source.give(fresh, 3600)
        number = 40
        while gate.used[-1] != fresh["AWS_ACCESS_KEY_ID"]:  # each batch asks for the keys
            before = batches(minio, tmp_path)
            pipeline.topic.produce(reviews(number, 5))
            number += 5
            running.wait_until(lambda: batches(minio, tmp_path) > before, 60, "the next batch")
            assert time.monotonic() - running.started < 120, "the fresh key is not used"
        gate.expired.add(old["AWS_ACCESS_KEY_ID"])
        pipeline.topic.produce(reviews(number, 40))
        before = batches(minio, tmp_path)
        running.wait_until(lambda: batches(minio, tmp_path) > before, 60, "a batch with the fresh key")
        running.signal(signal.SIGTERM)
        done = running.wait(60)
    assert done.code == 0, done.all[-3000:]
    assert gate.refused == 0 and gate.used == [old["AWS_ACCESS_KEY_ID"], fresh["AWS_ACCESS_KEY_ID"]]
    sluice.ok("run", "--available-now", job)
    check(minio, tmp_path, pipeline.topic)


def test_fresh_keys_are_there_when_the_old_ones_expire(sluice, source, gate, keys, minio, topic, tmp_path):
    """The store calls the key expired in the middle of a batch, and in that moment the source has a new one."""
    pipeline = make_pipeline(topic(), minio, tmp_path)
    old, fresh = keys(), keys()
    source.give(old, 3600)
    reach(sluice, gate, source)
    pipeline.topic.produce(reviews(0, 100))
    gate.on_refusal = lambda: source.give(fresh, 3600)

    def judge(number, _method, _path):
        if number == 25:
            gate.expired.add(old["AWS_ACCESS_KEY_ID"])
        return gate._judge

    gate.proxy.reset(judge)
    sluice.ok("run", "--log-level", "trace", pipeline.write_sql(tmp_path / "job"))
    assert gate.refused >= 1 and gate.used == [old["AWS_ACCESS_KEY_ID"], fresh["AWS_ACCESS_KEY_ID"]]
    check(minio, tmp_path, pipeline.topic)


WAYS = (".env", "profile", "credential_process")


@pytest.mark.parametrize("place", ["dotenv", "env-file", "environment", "settings", "copied"])
def test_without_fresh_keys_the_error_says_what_to_do(place, sluice, gate, keys, minio, topic, tmp_path):
    pipeline = make_pipeline(topic(), minio, tmp_path)
    old = keys()
    sluice.env.update({"AWS_ENDPOINT_URL": gate.proxy.endpoint, "AWS_REGION": "us-east-1", "HOME": str(tmp_path)})
    dotenv = tmp_path / "lab.env" if place == "env-file" else sluice.cwd / ".env"
    flags = ["--env-file", dotenv] if place == "env-file" else []
    conf = {"spark.hadoop.fs.s3a.access.key": "AWS_ACCESS_KEY_ID", "spark.hadoop.fs.s3a.secret.key": "AWS_SECRET_ACCESS_KEY",
            "spark.hadoop.fs.s3a.session.token": "AWS_SESSION_TOKEN"}
    if place == "environment":
        sluice.env.update(old)
    elif place == "settings":
        pipeline.settings = {key: old[name] for key, name in conf.items()}
    else:
        dotenv.write_text(lines(old))
        if place == "copied":  # the lab's program reads .env and sets the keys by name
            pipeline.settings = {key: f"${{{name}}}" for key, name in conf.items()}
    pipeline.topic.produce(reviews(0, 100))
    gate.proxy.reset(lambda number, *_: (gate.expired.add(old["AWS_ACCESS_KEY_ID"]) if number == 25 else None) or gate._judge)
    job = pipeline.write_sql(tmp_path / "job")
    done = sluice.run("run", "--log-level", "trace", *flags, job)
    assert done.code == 1 and "EXPIRED_CREDENTIALS" in done.err and "ExpiredToken" in done.err, done.all[-3000:]
    named = ("fs.s3a.session.token", *WAYS) if place == "settings" else ("AWS_SESSION_TOKEN", *WAYS)
    for text in (str(dotenv), "paste fresh ones") if place not in ("settings", "environment") else named:
        assert text in done.err, f"{text!r} is not in {done.err[-1500:]}"
    fresh = keys()
    if place in ("environment", "settings"):
        sluice.env.update(fresh)
        pipeline.settings = {}
        job = pipeline.write_sql(tmp_path / "job")
    else:
        dotenv.write_text(lines(fresh))
    sluice.ok("run", *flags, job)
    check(minio, tmp_path, pipeline.topic)


def test_keys_that_a_running_job_copied_from_the_file_follow_it(sluice, gate, keys, minio, topic, tmp_path):
    """${AWS_SECRET_ACCESS_KEY} in a SET statement, as the lab's program does in C++: fresh keys pasted into .env are used."""
    pipeline = make_pipeline(topic(), minio, tmp_path)
    old, fresh = keys(), keys()
    dotenv = sluice.cwd / ".env"
    dotenv.write_text(lines({**old, "AWS_ENDPOINT_URL": gate.proxy.endpoint}))
    pipeline.settings = {"spark.hadoop.fs.s3a.access.key": "${AWS_ACCESS_KEY_ID}",
                         "spark.hadoop.fs.s3a.secret.key": "${AWS_SECRET_ACCESS_KEY}",
                         "spark.hadoop.fs.s3a.session.token": "${AWS_SESSION_TOKEN}"}
    pipeline.topic.produce(reviews(0, 40))
    job = pipeline.write_sql(tmp_path / "job", "processingTime 50 milliseconds")
    with sluice.start("run", job) as running:
        running.wait_until(lambda: batches(minio, tmp_path) >= 2, 60, "two batches")
        save(dotenv, lines({**fresh, "AWS_ENDPOINT_URL": gate.proxy.endpoint}))
        gate.expired.add(old["AWS_ACCESS_KEY_ID"])
        pipeline.topic.produce(reviews(40, 40))
        running.wait_until(lambda: batches(minio, tmp_path) >= 4, 60, "batches with the fresh key")
        running.signal(signal.SIGTERM)
        assert running.wait(60).code == 0
    check(minio, tmp_path, pipeline.topic)


def lab_dotenv(sluice, gate, kafka, minio, handle, held):
    """The lab's .env with these keys, and what it says besides them."""
    settings = {**lab.environment(kafka, minio, handle), "AWS_ENDPOINT_URL": gate.proxy.endpoint}
    dotenv = sluice.cwd / ".env"
    dotenv.write_text(lines({**settings, **held}))
    return dotenv, settings


def test_the_lab_program_goes_on_with_fresh_keys_from_the_file(sluice, gate, keys, kafka, minio, tmp_path):
    """examples/week4_bronze.cc copies its keys from .env into the session. They expire in the middle of a batch, and
    fresh ones are pasted into .env in that moment."""
    handle, old, fresh = f"keys-{tmp_path.name}", keys(), keys()
    dotenv, settings = lab_dotenv(sluice, gate, kafka, minio, handle, old)
    commits = tmp_path / "checkpoint" / "commits"

    def paste():
        if old["AWS_ACCESS_KEY_ID"] in dotenv.read_text():
            save(dotenv, lines({**settings, **fresh}))

    gate.on_refusal = paste
    with lab.reviews_topic(kafka) as reviews_topic:
        reviews_topic.produce(reviews(0, 3000))
        gate.proxy.reset(lambda number, *_: (gate.expired.add(old["AWS_ACCESS_KEY_ID"]) if number == 6 else None) or gate._judge)
        with lab.start(kafka, sluice.cwd, tmp_path / "checkpoint") as running:
            running.wait_until(lambda: len(table.log_numbers(commits)) >= 3, 60, "three batches")
            assert gate.refused >= 1 and gate.used == [old["AWS_ACCESS_KEY_ID"], fresh["AWS_ACCESS_KEY_ID"]]
            running.signal(signal.SIGTERM)
            running.wait(60)
    path = f"s3a://hwe-fall/{handle}/bronze/reviews"
    done = sluice.ok("sql", "--format", "csv", f"SELECT count(*) AS n, count(DISTINCT review_id) AS ids FROM parquet.`{path}`")
    assert done.out.split()[-1] == "3000,3000"


def test_the_lab_program_without_fresh_keys_names_the_file(sluice, gate, keys, kafka, minio, tmp_path):
    """The keys expire and nobody pastes new ones: the program ends and says where they belong; with them it resumes."""
    handle, old, fresh = f"keys-{tmp_path.name}", keys(), keys()
    dotenv, settings = lab_dotenv(sluice, gate, kafka, minio, handle, old)
    commits = tmp_path / "checkpoint" / "commits"
    with lab.reviews_topic(kafka) as reviews_topic:
        reviews_topic.produce(reviews(0, 3000))
        gate.proxy.reset(lambda number, *_: (gate.expired.add(old["AWS_ACCESS_KEY_ID"]) if number == 6 else None) or gate._judge)
        with lab.start(kafka, sluice.cwd, tmp_path / "checkpoint") as running:
            done = running.wait(60)
        assert done.code == 1 and "EXPIRED_CREDENTIALS" in done.err, done.all[-3000:]
        assert str(dotenv) in done.err and "paste fresh ones" in done.err, done.err[-1500:]
        save(dotenv, lines({**settings, **fresh}))
        with lab.start(kafka, sluice.cwd, tmp_path / "checkpoint") as running:
            running.wait_until(lambda: len(table.log_numbers(commits)) >= 3, 60, "three batches")
            running.signal(signal.SIGTERM)
            running.wait(60)
    path = f"s3a://hwe-fall/{handle}/bronze/reviews"
    done = sluice.ok("sql", "--format", "csv", f"SELECT count(*) AS n, count(DISTINCT review_id) AS ids FROM parquet.`{path}`")
    assert done.out.split()[-1] == "3000,3000"


def test_age_and_expiry_of_the_keys_are_metrics(sluice, source, gate, keys, minio, topic, tmp_path):
    """Keys that end soon, then fresh ones from the same source: the metrics follow. A source that tells no end has none."""
    pipeline = make_pipeline(topic(), minio, tmp_path)
    old, fresh = keys(), keys()
    end = time.time() + LAST_SECONDS + 4
    source.give(old, LAST_SECONDS + 4)
    reach(sluice, gate, source)
    pipeline.topic.produce(reviews(0, 40))
    port = free_port()

    def metric(name: str) -> float | None:
        status, text = get(port, "/metrics")
        return Metrics(text).value(f"sluice_s3_credentials_{name}") if status == 200 else None

    def expires(at: float) -> bool:
        value = metric("expiry_timestamp_seconds")
        return (value is not None and abs(value - at) <= 2) if source.tells_expiry else value is None

    with sluice.start("run", "--metrics-port", port, pipeline.write_sql(tmp_path / "job", "processingTime 50 milliseconds")) as running:
        running.wait_until(lambda: batches(minio, tmp_path) >= 2, 60, "two batches")
        assert expires(end), get(port, "/metrics")
        first = metric("age_seconds")
        assert 0 <= first <= time.monotonic() - running.started
        fetched = time.time() - first
        source.give(fresh, 3600)
        fresh_end, number = time.time() + 3600, 40
        while gate.used[-1] != fresh["AWS_ACCESS_KEY_ID"]:  # each batch asks for the keys
            assert time.time() - metric("age_seconds") == pytest.approx(fetched, abs=2), "the age grows with the clock"
            before = batches(minio, tmp_path)
            pipeline.topic.produce(reviews(number, 5))
            number += 5
            running.wait_until(lambda: batches(minio, tmp_path) > before, 60, "the next batch")
            assert time.monotonic() - running.started < 120, "the fresh key is not used"
        running.wait_until(lambda: expires(fresh_end), 10, "the new expiry")
        assert time.time() - metric("age_seconds") > fetched, "the age begins again"
        running.signal(signal.SIGTERM)
        assert running.wait(60).code == 0
