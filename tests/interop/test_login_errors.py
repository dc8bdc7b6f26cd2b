# SPDX-License-Identifier: Apache-2.0
"""Logins that fail do so at once, by name, without a secret in the text: at the highest log level too."""
import pytest
from rig import program
from rig.pipeline import Pipeline
from rig.reviews import reviews
from servers.kafka import PASSWORD

WRONG = "wrong-canary-77ab03"


@pytest.fixture
def attempt(sluice, topic, tmp_path):
    """Runs the pipeline with some source options changed (None: left out)."""
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 10))

    def run(changes: dict, env: dict | None = None):
        pipeline = Pipeline(reviews_topic, tmp_path / "table", tmp_path / "checkpoint", sasl=True)
        pipeline.source = {k: v for k, v in {**pipeline.source, **changes}.items() if v is not None}
        done = sluice.run("run", "--log-level", "trace", pipeline.write_sql(tmp_path), env=env)
        assert done.code == 1, done.all
        assert done.seconds < 20, f"{done.seconds:.0f} s: a login that was refused is not tried again"
        for secret in (PASSWORD, WRONG):
            assert not [form for form in program.spellings(secret) if form in done.all], "a secret was printed"
        assert not list((tmp_path / "table").rglob("*.parquet"))
        return done.err

    return run


def jaas(kafka, user=None, password=None) -> str:
    return ("org.apache.kafka.common.security.scram.ScramLoginModule required "
            f"username=\"{user or kafka.user}\" password='{password or kafka.password}';")


def test_wrong_password(attempt, kafka):
    error = attempt({"kafka.sasl.jaas.config": jaas(kafka, password=WRONG)}).lower()
    assert "authentication" in error or "credentials" in error


def test_unknown_user(attempt, kafka):
    error = attempt({"kafka.sasl.jaas.config": jaas(kafka, user="nobody")}).lower()
    assert "authentication" in error or "credentials" in error


def test_wrong_authority(attempt, minio_tls):
    error = attempt({"kafka.ssl.truststore.location": str(minio_tls.ca_file)}).lower()
    assert "certificate" in error


def test_authority_that_no_system_knows(attempt):
    error = attempt({"kafka.ssl.truststore.location": None, "kafka.ssl.truststore.type": None}).lower()
    assert "certificate" in error and "ssl.truststore.location" in error, "the option that mends it is named"


def test_authority_file_missing(attempt, tmp_path):
    error = attempt({"kafka.ssl.truststore.location": str(tmp_path / "no-such-ca.pem")})
    assert "no-such-ca.pem" in error


def test_plain_text_to_a_tls_port(attempt, kafka):
    attempt({"kafka.security.protocol": "SASL_PLAINTEXT", "kafka.default.api.timeout.ms": "4000"})


@pytest.mark.parametrize("broken", ["username=\"u\" password=\"half", "org.example.OtherModule required;"])
def test_broken_jaas(attempt, broken):
    assert "jaas" in attempt({"kafka.sasl.jaas.config": broken}).lower()


def test_s3_logins(sluice, minio, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 10))
    pipeline = Pipeline(reviews_topic, f"s3a://{minio.bucket}/login/table", tmp_path / "checkpoint")
    wrong_secret = {**minio.env(), "AWS_SECRET_ACCESS_KEY": WRONG}
    no_token = {k: v for k, v in minio.env().items() if k != "AWS_SESSION_TOKEN"}
    nobody = {k: v for k, v in minio.env().items() if k in ("AWS_ENDPOINT_URL", "AWS_REGION")}
    for env in (wrong_secret, no_token, nobody):
        done = sluice.run("run", "--log-level", "trace", pipeline.write_sql(tmp_path), env={**env, "HOME": str(tmp_path)})
        assert done.code in (1, 2) and done.seconds < 30, done.all
        for secret in (WRONG, minio.secret_key, minio.token):
            assert not [form for form in program.spellings(secret) if form in done.all]
    bucketless = Pipeline(reviews_topic, "s3a://hwe-no-such-bucket/table", tmp_path / "checkpoint2")
    done = sluice.run("run", bucketless.write_sql(tmp_path), env=minio.env())
    assert done.code in (1, 2) and "hwe-no-such-bucket" in done.err
    assert not minio.list("login/")
