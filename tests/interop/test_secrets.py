# SPDX-License-Identifier: Apache-2.0
"""Runs last: nothing that Sluice printed or stored in this whole session holds a secret in any spelling."""
from rig import program
from rig.pipeline import Pipeline
from rig.reviews import reviews
from servers.kafka import PASSWORD
from servers.minio import ROOT_PASSWORD


def test_stored_files_hold_no_secret(sluice, minio, topic, tmp_path):
    sluice.env.update(minio.env())
    pipeline = Pipeline(topic(), tmp_path / "table", tmp_path / "checkpoint", sasl=True, max_offsets=20,
                        settings={"spark.hadoop.fs.s3a.secret.key": minio.secret_key})
    pipeline.topic.produce(reviews(0, 60))
    sluice.ok("run", "--log-level", "trace", "--progress", "json", pipeline.write_sql(tmp_path / "job"))
    sluice.ok("checkpoint", "show", pipeline.checkpoint)
    for file in [*pipeline.checkpoint.rglob("*"), *pipeline.table.rglob("*")]:
        if file.is_file():
            content = file.read_bytes()
            for secret in (PASSWORD, minio.secret_key, minio.token):
                assert not any(form.encode() in content for form in program.spellings(secret)), file


def test_outputs_hold_no_secret(minio, minio_tls):
    assert program.outputs, "nothing was run before"
    secrets = [PASSWORD, ROOT_PASSWORD, minio.secret_key, minio.token, minio_tls.secret_key, minio_tls.token,
               *program.secrets]
    assert program.leaks(secrets) == []


def test_the_search_finds_what_it_looks_for():
    for text in (f"password={PASSWORD}", "Authorization: Basic " + __import__("base64").b64encode(
            f"user:{PASSWORD}".encode()).decode()):
        assert any(form in text for form in program.spellings(PASSWORD))
