# SPDX-License-Identifier: Apache-2.0
"""PARTITIONED BY: one file a value and task, in any number, on S3 and locally, and as real Spark names them."""
import collections
import json
import pathlib
import re

import pytest
from rig import requests, table
from rig.pipeline import Pipeline
from rig.reviews import reviews
from rig.s3_proxy import S3Proxy

VALUES = 40
PART = "/table/value%3D"  # of a request
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What a folder's name escapes, what its URI escapes, and what neither does. The blanks and control characters beyond
# ASCII are those that java.net.URI does not read back unescaped.
ODD = ["", "plain", "a b", "100%", "a/b:c=d", "%2F", "\\", "'\"", "#?*", "{x}", "[y]^`|<>", "\x01\x7f", "ü", "日本", "😀",
       "\u0080", "\u0085", "\u009f", "\u00a0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\u200b"]


def part_names(paths) -> list[tuple[str, str]]:
    """(folder, part file without its uuid), sorted."""
    return sorted((str(pathlib.PurePath(p).parent), UUID.sub("uuid", pathlib.PurePath(p).name)) for p in paths)


@pytest.fixture
def proxy(minio):
    made = S3Proxy(minio.endpoint)
    yield made
    made.close()


def test_many_values_on_s3(sluice, minio, proxy, topic, tmp_path):
    sluice.env.update({**minio.env(), "AWS_ENDPOINT_URL": proxy.endpoint})
    base = f"s3a://{minio.bucket}/many-values"
    pipeline = Pipeline(topic(2), f"{base}/table", f"{base}/checkpoint", max_offsets=10 * 2 * VALUES,
                        select=["parts[2] AS review_id", f"CAST(offset % {VALUES} AS INT) AS value"], partition_by=["value"])
    pipeline.topic.produce(reviews(0, 20 * 2 * VALUES))
    sluice.ok("run", pipeline.write_sql(tmp_path))

    sent = list(proxy.requests)
    keys = [k for k in minio.list("many-values/table/") if "/_spark_metadata/" not in k]
    assert len(keys) == 2 * 2 * VALUES  # two batches of two tasks
    for key in keys:
        target = tmp_path / "copy" / key.removeprefix("many-values/table/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(minio.get(key))
    files = table.part_files(tmp_path / "copy")
    table.assert_exactly_once(table.identities(files), pipeline.topic.expected(), "plain listing")
    for file in files:
        rows = table.rows([file])
        offsets = rows["offset"].to_pylist()
        assert offsets == sorted(offsets) and {f"value={o % VALUES}" for o in offsets} == {file.parent.name}, file

    puts = collections.Counter(r for r in sent if r.startswith("PUT ") and PART in r)
    assert len(puts) == len(keys) and set(puts.values()) == {1}, "a small file is one PUT"
    assert not any("uploads" in r for r in sent)
    for found in requests.by_batch(sent).values():
        commit = next(n for n, r in enumerate(found) if r.startswith("PUT ") and "/_spark_metadata/" in r)
        assert len([r for r in found[:commit] if PART in r]) == 2 * VALUES, "a file after the sink log"

    count = f"SELECT value, count(*) AS n FROM parquet.`{pipeline.table}` GROUP BY value ORDER BY value"
    lines = sluice.ok("sql", "--format", "csv", count).out.split()[1:]
    assert lines == [f"{value},40" for value in range(VALUES)]
    verified = sluice.run("checkpoint", "verify", pipeline.checkpoint, "--sink", pipeline.table)
    assert verified.code == 0, verified.all


def other_task_first(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    other = {"part-00000": "part-00001", "part-00001": "part-00000"}
    return sorted((folder, other[name[:10]] + name[10:]) for folder, name in names)


def test_folders_files_and_log_are_as_spark_makes_them(sluice, spark, topic, tmp_path):
    """The same topic by both: equal folders, file names (but for the uuid) and URIs; each reads the other's table."""
    numbered = [f"{value}\t{number}".encode() for number in range(6) for value in ODD]
    reviews_topic = topic(2)
    reviews_topic.produce(numbered)
    tables, names, uris = {}, {}, {}
    for engine in ("sluice", "spark"):
        base = tmp_path / engine
        tables[engine] = base / "table"
        pipeline = Pipeline(reviews_topic, tables[engine], base / "checkpoint", partition_by=["odd", "even"],
                            select=["parts[0] AS odd", "parts[1] AS number", "CAST(parts[1] AS INT) % 2 = 0 AS even"])
        if engine == "sluice":
            sluice.ok("run", pipeline.write_sql(base))
        else:
            spark.stream(pipeline)
        files = table.part_files(tables[engine])
        table.assert_exactly_once(table.identities(files), reviews_topic.expected(), f"{engine}, plain listing")
        names[engine] = part_names(f.relative_to(tables[engine]) for f in files)
        log = (tables[engine] / "_spark_metadata/0").read_text().split("\n")[1:]
        uris[engine] = part_names(json.loads(line)["path"].removeprefix(f"file://{tables[engine]}/") for line in log)
    # Which of the two partitions is Spark's first task depends on the hash of the topic's name.
    spark_names = [(names["spark"], uris["spark"]), (other_task_first(names["spark"]), other_task_first(uris["spark"]))]
    assert (names["sluice"], uris["sluice"]) in spark_names
    assert len(names["sluice"]) > 8 * 2

    expected = sorted(([value.encode().hex().upper() or None, str(n)] for n in range(6) for value in ODD), key=str)
    for folder in tables.values():
        by_spark = spark.job({"op": "read", "path": str(folder), "select": ["hex(odd)", "number"]})["rows"]
        assert sorted(by_spark, key=str) == expected, "Spark's reader"
        query = f"SELECT hex(odd) AS odd, number FROM parquet.`{folder}`"
        lines = sluice.ok("sql", "--format", "json", query).out.splitlines()
        by_us = [[row.get("odd"), row["number"]] for row in map(json.loads, lines)]
        assert sorted(by_us, key=str) == expected, "our reader"
