# SPDX-License-Identifier: Apache-2.0
"""S3 misbehaves: the release program on real MinIO behind a scripted proxy. Each case names what goes wrong, when, and
how it ends: R (retried inside the batch, the run ends well), X (the run fails by name and a restart resumes) or F (it
refuses to start). In the end a plain listing of the folder holds every record once.

`make test` runs a seeded sample (--seed), `make faults` all."""
import dataclasses
import random
import re
import threading
import urllib.parse

import pytest
from rig import table
from rig.pipeline import Pipeline
from rig.reviews import reviews
from rig.s3_proxy import S3Proxy, error_body

SAMPLE = 10
RECORDS, PER_BATCH = 60, 20
XML = [("Content-Type", "application/xml")]


class Scene:
    """One run: its proxy, table and topic, for faults that look or meddle."""

    def __init__(self, minio, proxy, prefix, topic):
        self.minio, self.proxy, self.prefix, self.topic = minio, proxy, prefix, topic

    def key(self, path: str) -> str:
        return urllib.parse.unquote(path.partition("?")[0]).removeprefix(f"/{self.minio.bucket}/")


def times(count: int, matches, fault):
    """The fault for the first `count` requests that match; (method, path) -> bool."""
    lock, left = threading.Lock(), [count]

    def act(_number, method, path):
        if not matches(method, path):
            return None
        with lock:
            left[0] -= 1
            return fault if left[0] >= 0 else None
    return act


def to(method: str, text: str = ""):
    return lambda m, path: m == method and re.search(text, urllib.parse.unquote(path))


PART, OFFSETS, COMMITS, SINK_LOG = "/table/part-", "/checkpoint/offsets/1$", "/checkpoint/commits/1$", "_spark_metadata/1$"
LISTING = "list-type=2"


def refuse(status: int, code: str, headers: tuple = ()):
    return lambda exchange: exchange.error(status, code, headers)


def reset(exchange):
    exchange.reset()


def applied_then(after):
    def fault(exchange):
        exchange.forward()
        after(exchange)
    return fault


def cut(exchange):
    exchange.cut(*exchange.forward())


def drip(exchange):
    exchange.drip(*exchange.forward(), seconds=3)


def stall(exchange):
    exchange.stall(3)


def torn_xml(exchange):
    status, headers, content = exchange.forward()
    exchange.answer(status, headers, content[: len(content) // 2])


def error_in_200(exchange):
    exchange.answer(200, XML, error_body("InternalError"))


@dataclasses.dataclass
class Case:
    name: str
    ends: str  # R, X or F
    act: object  # Scene -> act of the proxy
    says: tuple = ()  # what the error must hold
    settings: dict = dataclasses.field(default_factory=dict)
    large: bool = False  # a file above 5 MiB: a multipart upload
    begun: bool = False  # the table has two batches before
    slow: bool = False

    def __str__(self):
        return self.name


def retried(name: str, count: int, matches, fault, **more) -> Case:
    return Case(name, "R", lambda scene: times(count, matches, fault), **more)


def fails(name: str, matches, fault, *says, ends: str = "X", **more) -> Case:
    return Case(name, ends, lambda scene: times(10**6, matches, fault), says, **more)


WRITES = {"part file": PART, "offsets": OFFSETS, "sink log": SINK_LOG, "commits": COMMITS}
QUICK = {"spark.hadoop.fs.s3a.connection.timeout": "1s"}
FEW = {"spark.hadoop.fs.s3a.attempts.maximum": "2"}
LARGE = {"spark.hadoop.fs.s3a.multipart.size": "5M", "spark.sql.parquet.compression.codec": "none"}


def retried_cases() -> list[Case]:
    cases = []
    for status, code in ((500, "InternalError"), (503, "SlowDown"), (503, "ServiceUnavailable"), (429, "TooManyRequests"),
                         (409, "ConditionalRequestConflict"), (409, "OperationAborted"), (400, "RequestTimeout"),
                         (502, "BadGateway"), (504, "GatewayTimeout")):
        cases.append(retried(f"{status} {code} to every PUT once more", 4, to("PUT"), refuse(status, code)))
    for status, code in ((500, "InternalError"), (503, "SlowDown")):
        cases.append(retried(f"{status} {code} to reads", 4, to("GET"), refuse(status, code), begun=True))
        cases.append(retried(f"{status} without a body to HEAD", 2, to("HEAD"),
                             lambda exchange, s=status: exchange.answer(s, [], b""), begun=True))
    for what, text in WRITES.items():
        cases.append(retried(f"reset before the write of {what}", 2, to("PUT", text), reset))
        cases.append(retried(f"reset after the write of {what}", 1, to("PUT", text), applied_then(reset)))
        cases.append(retried(f"500 after the write of {what}", 1, to("PUT", text),
                             applied_then(refuse(500, "InternalError"))))
        cases.append(retried(f"409 to the write of {what}", 2, to("PUT", text), refuse(409, "ConditionalRequestConflict")))
        cases.append(retried(f"503 SlowDown to the write of {what}", 3, to("PUT", text), refuse(503, "SlowDown")))
        cases.append(retried(f"no reply to the write of {what} in time", 1, to("PUT", text), applied_then(stall),
                             settings=QUICK, slow=True))
    cases += [
        retried("reset in the body of a listing", 3, to("GET", LISTING), cut, begun=True),
        retried("reset in the body of an entry", 2, to("GET", "/checkpoint/.*[0-9]$"), cut, begun=True),
        retried("a listing whose bytes drip", 1, to("GET", LISTING), drip, settings=QUICK, begun=True, slow=True),
        retried("an entry whose bytes drip", 1, to("GET", "/checkpoint/.*[0-9]$"), drip, settings=QUICK, begun=True, slow=True),
        retried("a reply that never comes", 1, to("GET"), stall, settings=QUICK, begun=True, slow=True),
        Case("the region is told by a 400", "R", lambda scene: elsewhere(scene, 400)),
        Case("the region is told by a redirect", "R", lambda scene: elsewhere(scene, 301)),
    ]
    return cases


def upload_cases() -> list[Case]:
    complete, part = to("POST", r"uploadId="), to("PUT", r"partNumber=")
    more = {"large": True, "settings": LARGE}
    return [
        retried("200 with an error in it, for a complete", 2, complete, error_in_200, **more),
        retried("complete: reset before", 1, complete, reset, **more),
        retried("complete: reset after", 1, complete, applied_then(reset), **more),
        retried("complete: 500 after", 1, complete, applied_then(refuse(500, "InternalError")), **more),
        retried("complete: 200 with an error after it was done", 1, complete, applied_then(error_in_200), **more),
        retried("complete: 503 SlowDown", 2, complete, refuse(503, "SlowDown"), **more),
        retried("part: reset in it", 2, part, reset, **more),
        retried("part: reset after", 2, part, applied_then(reset), **more),
        retried("part: 500", 2, part, refuse(500, "InternalError"), **more),
        retried("create of an upload: reset after", 1, to("POST", r"uploads"), applied_then(reset), **more),
        fails("complete: NoSuchUpload for good", complete, refuse(404, "NoSuchUpload"), "UPLOAD_GONE", **more),
        fails("part: AccessDenied", part, refuse(403, "AccessDenied"), "AccessDenied", **more),
    ]


def refused_cases() -> list[Case]:
    cases = [
        fails("AccessDenied to a part file", to("PUT", PART), refuse(403, "AccessDenied"), "ACCESS_DENIED", PART),
        fails("AccessDenied to a listing", to("GET", LISTING), refuse(403, "AccessDenied"), "ACCESS_DENIED", ends="F"),
        fails("SignatureDoesNotMatch", to("PUT", PART), refuse(403, "SignatureDoesNotMatch"), "secret key"),
        fails("InvalidAccessKeyId", to("PUT", PART), refuse(403, "InvalidAccessKeyId"), "session token"),
        fails("clock skew", to("PUT", PART), refuse(403, "RequestTimeTooSkewed"), "clock"),
        fails("NoSuchBucket", lambda *_: True, refuse(404, "NoSuchBucket"), "NO_SUCH_BUCKET", ends="F"),
        fails("NoSuchBucket in mid-run", to("PUT", PART), refuse(404, "NoSuchBucket"), "NO_SUCH_BUCKET"),
        fails("a listing that is torn but complete as HTTP", to("GET", LISTING), torn_xml, "cannot be read", ends="F", begun=True),
        fails("a page of a listing that fails", None, None, "ListObjects", ends="F", begun=True),
        fails("a store that overwrites", None, None, "SLUICE_STORE_OVERWRITES", "allowUnconditionalWrites", ends="F"),
    ]
    cases[-2].act, cases[-1].act = failing_page, overwriting
    for what, text in WRITES.items():
        cases.append(fails(f"an outage at the write of {what}", to("PUT", text), refuse(503, "SlowDown"), "SlowDown", "2 tries",
                           settings=FEW))
        cases.append(fails(f"resets at the write of {what}, for good", to("PUT", text), reset, "2 tries", settings=FEW))
    cases.append(fails("an outage of everything", lambda *_: True, refuse(503, "SlowDown"), "2 tries", ends="F", settings=FEW))
    cases += [
        Case("a store that overwrites, allowed", "R", overwriting, settings={"spark.sluice.s3.allowUnconditionalWrites": "true"}),
        Case("412: another writer's offsets", "X", lambda scene: rival(scene, OFFSETS), ("CONCURRENT_STREAM_LOG_UPDATE", "offsets/1")),
        Case("412: another writer's commit", "X", lambda scene: rival(scene, COMMITS), ("commits/1",)),
        Case("412: another writer's part file", "X", lambda scene: rival(scene, PART), ("CONCURRENT_WRITER", "part-")),
        Case("412: our own offsets after a lost reply", "R", lambda scene: times(1, to("PUT", OFFSETS), applied_then(reset))),
    ]
    return cases


def elsewhere(scene, status: int):
    """The bucket is in eu-west-3, and says so to everyone who signs for another region."""
    def fault(exchange):
        if exchange.region == "eu-west-3":
            exchange.answer(*exchange.forward_as(scene.minio.root))
        elif exchange.method == "HEAD":
            exchange.answer(status, [("x-amz-bucket-region", "eu-west-3")], b"")
        else:
            exchange.error(status, "AuthorizationHeaderMalformed" if status == 400 else "PermanentRedirect",
                           [("x-amz-bucket-region", "eu-west-3")], "<Region>eu-west-3</Region>")
    return lambda *_: fault


def overwriting(scene):
    return times(10**6, to("PUT"), lambda exchange: exchange.answer(*exchange.forward_as(scene.minio.root, keep=())))


def failing_page(scene):
    """Every page holds one key, and the second page fails."""
    def fault(exchange):
        if "continuation-token" in exchange.path:
            exchange.error(500, "InternalError")
        else:
            exchange.answer(*exchange.forward_as(scene.minio.root, {"max-keys": 1}))
    return times(10**6, to("GET", LISTING), fault)


def rival(scene, text: str):
    """Somebody else's file stands there just before ours is written."""
    def fault(exchange):
        key = scene.key(exchange.path)
        if text == OFFSETS:  # a batch planned by Spark's rules: the same range, without our mark
            lines = exchange.body.decode().split("\n")
            scene.minio.put(key, "\n".join([lines[0], '{"batchWatermarkMs":0,"batchTimestampMs":1700000000000,"conf":{}}',
                                            lines[2]]).encode())
        else:
            scene.minio.put(key, b"v1\n{}" if text == COMMITS else b"PAR1 of somebody else")
        exchange.answer(*exchange.forward())
    return times(1, to("PUT", text), fault)


CASES = [*retried_cases(), *upload_cases(), *refused_cases()]
ran = {"R": 0, "X": 0, "F": 0}


def chosen(config) -> list[Case]:
    if config.getoption("--all-faults"):
        return CASES
    quick = [case for case in CASES if not case.slow]
    return random.Random(config.getoption("--seed")).sample(quick, SAMPLE)


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", chosen(metafunc.config), ids=str)


@pytest.fixture(scope="module", autouse=True)
def count_of_cases():
    assert len({case.name for case in CASES}) == len(CASES)
    yield
    print(f"\nS3 faults: {sum(ran.values())} of {len(CASES)} cases: {ran}")


@pytest.fixture(scope="module")
def small_topic(kafka):
    from rig.topics import Topic
    topic = Topic(kafka, 2, "s3faults")
    topic.produce(reviews(0, RECORDS))
    return topic


@pytest.fixture(scope="module")
def large_topic(kafka):
    from rig.topics import Topic
    topic = Topic(kafka, 1, "s3faults-large")
    topic.produce(reviews(0, 16_000))
    return topic


def listed(minio, prefix: str, folder) -> list:
    folder.mkdir(exist_ok=True)
    files = []
    for key in minio.list(f"{prefix}/table/part-"):
        files.append(folder / key.rpartition("/")[2])
        files[-1].write_bytes(minio.get(key))
    return files


def test_s3_fault(case, sluice, minio, request, tmp_path):
    topic = request.getfixturevalue("large_topic" if case.large else "small_topic")
    prefix = f"faults-{tmp_path.name}"
    base = f"s3a://{minio.bucket}/{prefix}"
    pipeline = Pipeline(topic, f"{base}/table", f"{base}/checkpoint", max_offsets=None if case.large else PER_BATCH,
                        settings={"spark.sluice.parquet.rowGroupBytes": "32m"} if case.large else {})
    job = pipeline.write_sql(tmp_path / "job")
    first = Pipeline(topic, pipeline.table, pipeline.checkpoint, max_offsets=PER_BATCH)
    sluice.env.update(minio.env())
    if case.begun:
        begin(sluice, first, minio, prefix, tmp_path)
    before = minio.list(f"{prefix}/table/part-")
    flags = [word for key, value in case.settings.items() for word in ("--conf", f"{key}={value}")]
    proxy = S3Proxy(minio.endpoint)
    try:
        scene = Scene(minio, proxy, prefix, topic)
        proxy.reset(case.act(scene))
        env = {"AWS_ENDPOINT_URL": proxy.endpoint, **({"AWS_REGION": ""} if "region" in case.name else {})}
        done = sluice.run("run", "--log-level", "trace", *flags, job, env=env, timeout=180)
    finally:
        proxy.close()
    if case.ends == "R":
        assert done.code == 0, done.all[-4000:]
    else:
        assert done.code in (1, 2), f"exit {done.code}:\n{done.all[-4000:]}"
        error = done.err.splitlines()[-1] if done.err else ""
        for text in case.says:
            assert text in done.err, f"{text!r} is not in: {error}"
        assert done.seconds < 60, "an end without hope comes soon"
        if case.ends == "F":
            assert minio.list(f"{prefix}/table/part-") == before, "it began after all"
        recover(case, sluice, minio, prefix, job, flags)
    found = table.identities(listed(minio, prefix, tmp_path / "listing"))
    table.assert_exactly_once(found, topic.expected(), f"{case.name}, plain listing")
    verified = sluice.run("checkpoint", "verify", pipeline.checkpoint, "--sink", pipeline.table)
    assert verified.code == 0, verified.all
    ran[case.ends] += 1


def begin(sluice, pipeline, minio, prefix, tmp_path) -> None:
    """Two batches, and then no more: as after a kill."""
    proxy = S3Proxy(minio.endpoint)
    try:
        def act(_number, method, path):
            return refuse(403, "AccessDenied") if method == "PUT" and path.endswith("/offsets/2") else None
        proxy.reset(act)
        assert sluice.run("run", pipeline.write_sql(tmp_path / "begin"), env={"AWS_ENDPOINT_URL": proxy.endpoint}).code == 1
    finally:
        proxy.close()


def recover(case, sluice, minio, prefix, job, flags) -> None:
    if "another writer's" in case.name:
        for key in minio.list(f"{prefix}/"):
            if minio.get(key) == b"v1\n{}":
                minio.put(key, b'v1\n{"nextBatchWatermarkMs":0}')
    sluice.ok("run", *flags, job)
