# SPDX-License-Identifier: Apache-2.0
"""A secret in every place where people put one, each with the faults that talk about it, at the highest log level: no
output, log, progress event, file or page of the metrics' port holds it, whole, in part, in base64 or URL-encoded."""
import pathlib
import random

import pytest
from rig import program
from rig.metrics import PATHS, Metrics, Scraper, free_port, get
from rig.pipeline import Pipeline, quoted
from rig.reviews import reviews
from rig.s3_proxy import S3Proxy
from rig.topics import Topic

SAMPLE = 14
WORD = "Zq7kanari"  # stands on both sides of each special character, so that half a secret is found too
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"
OAUTH = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"


def canary(number: int, middle: str = "-") -> str:
    return f"{WORD}{number}{middle}{WORD}{number}"


class Setting:
    """One way to run: a pipeline, an environment, flags; the canary sits somewhere in it."""

    def __init__(self, pipeline, cwd: pathlib.Path):
        self.pipeline, self.cwd = pipeline, cwd
        self.env: dict[str, str] = {}
        self.flags: list[str] = []
        self.sql = None  # a file's whole text, instead of the pipeline's

    def jaas(self, text: str, mechanism: str = "SCRAM-SHA-512") -> None:
        self.pipeline.source.update({"kafka.sasl.jaas.config": text, "kafka.sasl.mechanism": mechanism})

    def option(self, name: str, value: str) -> None:
        self.pipeline.source[name] = value

    def conf(self, key: str, value: str) -> None:
        self.flags += ["--conf", f"{key}={value}"]

    def set(self, key: str, value: str) -> None:
        self.pipeline.settings[key] = value

    def dotenv(self, text: str) -> None:
        (self.cwd / ".env").write_text(text)

    def s3(self) -> str:
        """The table is on S3, and nobody has given keys yet."""
        self.pipeline.table = "s3a://hwe-test/canaries/table"
        return self.pipeline.table


S3A = "spark.hadoop.fs.s3a"
KEY = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----"

# name -> (what stands in the middle of the canary, how the canary gets there)
PLACES = {
    "JAAS, double quotes": ("-", lambda s, c: s.jaas(f'{SCRAM} username="u" password="{c}";')),
    "JAAS, single quotes": ("-", lambda s, c: s.jaas(f"{SCRAM} username='u' password='{c}';")),
    "JAAS, no quotes": ("-", lambda s, c: s.jaas(f"{SCRAM} username=u password={c};")),
    "JAAS, escaped double quote": ('"', lambda s, c: s.jaas(jaas_escaped(c, '"'))),
    "JAAS, escaped single quote": ("'", lambda s, c: s.jaas(jaas_escaped(c, "'"))),
    "JAAS, backslash": ("\\", lambda s, c: s.jaas(jaas_escaped(c, '"'))),
    "JAAS, over several lines": ("-", lambda s, c: s.jaas(f'{SCRAM}\n  username="u"\n  password="{c}"\n;')),
    "JAAS, semicolon missing": ("-", lambda s, c: s.jaas(f'{SCRAM} username="u" password="{c}"')),
    "JAAS, quote not closed": ("-", lambda s, c: s.jaas(f'{SCRAM} username="u" password="{c};')),
    "JAAS, quote closed in the middle": ('"', lambda s, c: s.jaas(f'{SCRAM} username="u" password="{c}";')),
    "JAAS, two modules": ("-", lambda s, c: s.jaas(f'{SCRAM} username="u" password="x"; {SCRAM} password="{c}";')),
    "JAAS, no control flag": ("-", lambda s, c: s.jaas(f'{SCRAM.split()[0]} password="{c}";')),
    "JAAS, only the password": ("-", lambda s, c: s.jaas(c)),
    "JAAS, clientSecret": ("-", lambda s, c: s.jaas(f'{OAUTH} clientId="id" clientSecret="{c}";', "OAUTHBEARER")),
    "JAAS, clientSecret with SCRAM": ("-", lambda s, c: s.jaas(f'{SCRAM} username="u" password="x1x2" clientSecret="{c}";')),
    "JAAS, unknown option": ("-", lambda s, c: s.jaas(f'{SCRAM} username="u" password="x1x2" passphrase="{c}";')),
    "JAAS, PLAIN": ("-", lambda s, c: s.jaas(f'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="{c}";',
                                             "PLAIN")),
    "JAAS, unknown mechanism": ("-", lambda s, c: s.jaas(f'{SCRAM} username="u" password="{c}";', "GSSAPI")),
    "JAAS from .env": ("-", lambda s, c: (s.dotenv(f"HWE_PASSWORD={c}\n"),
                                          s.jaas(f'{SCRAM} username="u" password="${{HWE_PASSWORD}}";'))),
    "JAAS from --param": ("-", lambda s, c: (s.flags.extend(["--param", f"PW={c}"]),
                                             s.jaas(f'{SCRAM} username="u" password="${{PW}}";'))),
    "kafka.sasl.password": ("-", lambda s, c: s.option("kafka.sasl.password", c)),
    "unknown kafka option": ("-", lambda s, c: s.option("kafka.vault.password", c)),
    "unknown option": ("-", lambda s, c: s.option("myPassword", c)),
    "ssl.key.password": ("-", lambda s, c: s.option("kafka.ssl.key.password", c)),
    "ssl.key.password beside a key": ("-", lambda s, c: (s.option("kafka.ssl.key.password", c), s.option("kafka.ssl.keystore.key", KEY.format("x")),
                                                         s.option("kafka.ssl.keystore.certificate.chain", "nonsense"))),
    "ssl.keystore.key": ("\n", lambda s, c: (s.option("kafka.ssl.keystore.key", KEY.format(c)),
                                             s.option("kafka.ssl.keystore.certificate.chain", "-----BEGIN CERTIFICATE-----"))),
    "ssl.keystore.password": ("-", lambda s, c: (s.option("kafka.ssl.keystore.password", c),
                                                 s.option("kafka.ssl.keystore.location", "/no/such/store.jks"))),
    "ssl.truststore.password": ("-", lambda s, c: (s.option("kafka.ssl.truststore.password", c),
                                                   s.option("kafka.ssl.truststore.type", "JKS"))),
    "user in bootstrap.servers": ("-", lambda s, c: s.option("kafka.bootstrap.servers", f"user:{c}@127.0.0.1:1")),
    "secret key by --conf": ("/+", lambda s, c: (s.s3(), s.conf(f"{S3A}.access.key", "AK"), s.conf(f"{S3A}.secret.key", c))),
    "secret key by SET": ("/+", lambda s, c: (s.s3(), s.set(f"{S3A}.access.key", "AK"), s.set(f"{S3A}.secret.key", c))),
    "secret key of a bucket": ("/+", lambda s, c: (s.s3(), s.set(f"{S3A}.bucket.hwe-test.access.key", "AK"),
                                                   s.set(f"{S3A}.bucket.hwe-test.secret.key", c))),
    "secret key alone": ("/+", lambda s, c: (s.s3(), s.set(f"{S3A}.secret.key", c))),
    "session token by SET": ("/+=", lambda s, c: (s.s3(), s.set(f"{S3A}.access.key", "AK"), s.set(f"{S3A}.secret.key", "x1x2x3"),
                                                  s.set(f"{S3A}.session.token", c))),
    "plain fs.s3a keys": ("/+", lambda s, c: (s.s3(), s.set("fs.s3a.access.key", "AK"), s.set("fs.s3a.secret.key", c))),
    "secret key by the environment": ("/+", lambda s, c: (s.s3(), s.env.update(AWS_ACCESS_KEY_ID="AK", AWS_SECRET_ACCESS_KEY=c))),
    "session token by the environment": ("/+=", lambda s, c: (s.s3(), s.env.update(AWS_ACCESS_KEY_ID="AK", AWS_SECRET_ACCESS_KEY="x1x2",
                                                                                   AWS_SESSION_TOKEN=c))),
    "triple by .env": ("/+", lambda s, c: (s.s3(), s.dotenv(f"AWS_ACCESS_KEY_ID=AK\nAWS_SECRET_ACCESS_KEY={c}\nAWS_SESSION_TOKEN={c}\n"))),
    "quoted in .env": ("#", lambda s, c: (s.s3(), s.dotenv(f"AWS_ACCESS_KEY_ID='AK'\nAWS_SECRET_ACCESS_KEY=\"{c}\"\n"))),
    ".env, quote not closed": ("-", lambda s, c: s.dotenv(f"A=1\nAWS_SECRET_ACCESS_KEY=\"{c}\n")),
    ".env, only the value": ("-", lambda s, c: s.dotenv(f"AWS_SECRET_ACCESS_KEY\n{c}\n")),
    ".env, colon for equals": ("-", lambda s, c: s.dotenv(f"AWS_SECRET_ACCESS_KEY: {c}\n")),
    "encryption key": ("-", lambda s, c: (s.s3(), s.set(f"{S3A}.encryption.algorithm", "SSE-C"), s.set(f"{S3A}.encryption.key", c))),
    "proxy password": ("-", lambda s, c: (s.s3(), s.set(f"{S3A}.proxy.host", "h"), s.set(f"{S3A}.proxy.password", c))),
    "user in the endpoint": ("-", lambda s, c: (s.s3(), s.env.update(AWS_ENDPOINT_URL=f"http://user:{c}@127.0.0.1:1"))),
    "user in fs.s3a.endpoint": ("-", lambda s, c: (s.s3(), s.set(f"{S3A}.endpoint", f"http://user:{c}@127.0.0.1:1"))),
    "user in the table's URI": ("-", lambda s, c: setattr(s.pipeline, "table", f"s3a://AK:{c}@hwe-test/canaries/table")),
    "user in the checkpoint's URI": ("-", lambda s, c: setattr(s.pipeline, "checkpoint", f"s3a://AK:{c}@hwe-test/canaries/ck")),
    "signed URL as a table": ("-", lambda s, c: setattr(s.pipeline, "table", f"https://h/b?X-Amz-Security-Token={c}")),
    "--conf without =": ("-", lambda s, c: s.flags.extend(["--conf", f"{S3A}.secret.key:{c}"])),
    "--conf with a space": ("-", lambda s, c: s.flags.extend(["--conf", f"{S3A}.secret.key {c}"])),
    "--param without =": ("-", lambda s, c: s.flags.extend(["--param", f"HWE_PASSWORD:{c}"])),
    "a word too many": ("-", lambda s, c: s.flags.append(c)),
    "SQL that is wrong before the secret": ("-", lambda s, c: setattr(s, "sql", f"SELEC 1;\nSET {S3A}.secret.key = {c};\n")),
    "SQL that is wrong after the secret": ("-", lambda s, c: setattr(s, "sql", f"SET {S3A}.secret.key = {c};\n" + s.pipeline.sql()
                                                                     .replace("CREATE", "CREAT"))),
    "SQL that is wrong beside the secret": ("-", lambda s, c: setattr(s, "sql", s.pipeline.sql().replace(
        "read_kafka(", f"read_kafka(`kafka.sasl.jaas.config` => {quoted(SCRAM + ' password=' + c + ';')} oops "))),
    "SQL literal not closed": ("-", lambda s, c: setattr(s, "sql", s.pipeline.sql().replace(
        "read_kafka(", f"read_kafka(`kafka.sasl.jaas.config` => 'x password={c};, "))),
    "a setting of the wrong type": ("-", lambda s, c: s.set("spark.sluice.memory", f"password={c}")),
    "container token": ("-", lambda s, c: (s.s3(), s.env.update(AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:1/x",
                                                                AWS_CONTAINER_AUTHORIZATION_TOKEN=c))),
}


def jaas_escaped(secret: str, quote: str) -> str:
    escaped = secret.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return f"{SCRAM} username=u password={quote}{escaped}{quote};"


def pytest_generate_tests(metafunc):
    if "place" in metafunc.fixturenames:
        names = list(PLACES)
        if not metafunc.config.getoption("--all-faults"):
            names = random.Random(metafunc.config.getoption("--seed")).sample(names, SAMPLE)
        metafunc.parametrize("place", names)


@pytest.fixture(scope="module")
def reviews_topic(kafka):
    topic = Topic(kafka, 1, "canaries")
    topic.produce(reviews(0, 20))
    return topic


def leaks(text: str, secret: str) -> list[str]:
    """The secret in any spelling, or the word in it."""
    forms = program.spellings(secret) | program.spellings(WORD)
    return [text[max(0, text.index(f) - 100):text.index(f) + 40] for f in forms if f in text]


def test_a_secret_stays_hidden(place, sluice, minio, reviews_topic, tmp_path):
    middle, put = PLACES[place]
    secret = canary(list(PLACES).index(place), middle)
    program.secrets.add(secret)
    pipeline = Pipeline(reviews_topic, tmp_path / "table", tmp_path / "checkpoint", sasl=True, options={
        "kafka.default.api.timeout.ms": "2000"})
    setting = Setting(pipeline, sluice.cwd)
    put(setting, secret)
    sql = sluice.cwd / "job.sql"
    sql.write_text(setting.sql or setting.pipeline.sql())
    attempts = S3Proxy(minio.endpoint)
    env = {"AWS_ENDPOINT_URL": attempts.endpoint, "AWS_REGION": "us-east-1", "HOME": str(tmp_path), **setting.env}
    try:
        for more in (["--progress", "json"], ["--log-format", "json"]):
            port = free_port()
            with Scraper(port) as scraper:
                done = sluice.run("run", "--log-level", "trace", "--metrics-port", port, *more, *setting.flags, sql, env=env,
                                  timeout=60)
            assert not leaks(done.all, secret), f"{place}: {done.all[-1500:]}"
            assert not leaks(scraper.text, secret), f"{place}: {scraper.text[-1500:]}"
    finally:
        attempts.close()
    for folder in (pipeline.table, pipeline.checkpoint):
        for file in pathlib.Path(folder).rglob("*") if "://" not in str(folder) else ():
            assert not file.is_file() or not leaks(file.read_bytes().decode("latin-1"), secret), file
    if "://" not in str(pipeline.checkpoint) and pipeline.checkpoint.exists():
        shown = sluice.run("checkpoint", "show", pipeline.checkpoint)
        assert not leaks(shown.all, secret)


def test_the_pages_of_a_query_in_trouble_hold_no_secret(sluice, kafka, minio, tmp_path):
    """A query that runs with secrets in every place at once, through errors of S3 and of records, while it is watched."""
    topic = Topic(kafka, 2, "watched")
    topic.produce([*reviews(0, 100), b"too few fields"])
    secret = canary(99)
    program.secrets.update((secret, kafka.password))
    settings = {"spark.hadoop.fs.s3a.access.key": minio.access_key, "spark.hadoop.fs.s3a.secret.key": minio.secret_key,
                "spark.hadoop.fs.s3a.session.token": minio.token, "spark.sluice.badRecords.path": f"s3a://{minio.bucket}/watched-bad"}
    pipeline = Pipeline(topic, f"s3a://{minio.bucket}/watched-table", f"s3a://{minio.bucket}/watched-ck", sasl=True, max_offsets=20,
                        sink_options={"myPassword": secret}, settings=settings)
    broken = S3Proxy(minio.endpoint, lambda number, *_: "error" if number % 7 == 3 else None)
    port = free_port()
    env = {"AWS_ENDPOINT_URL": broken.endpoint, "AWS_REGION": "us-east-1", "HOME": str(tmp_path)}
    with Scraper(port) as scraper, sluice.start("run", "--log-level", "trace", "--metrics-port", port,
                                                pipeline.write_sql(tmp_path / "job", "processingTime 50 milliseconds"), env=env) as running:
        running.wait_until(lambda: Metrics(get(port, "/metrics")[1]).value("sluice_query_input_rows_total") == 101, 60, "all rows")
        broken.reset(lambda *_: lambda exchange: exchange.error(403, "AccessDenied"))
        topic.produce(reviews(101, 20))
        done = running.wait(60)
    broken.close()
    assert done.code == 1, done.all[-2000:]
    assert {path for path, _, _ in scraper.pages} == set(PATHS)
    for word in (secret, kafka.password, minio.secret_key, minio.token):
        assert not any(form in scraper.text for form in program.spellings(word))
        assert not any(form in done.all for form in program.spellings(word))
