# SPDX-License-Identifier: Apache-2.0
"""What a small batch costs on S3: requests are latency and money."""
import statistics

import pytest
from rig import requests
from rig.pipeline import Pipeline
from rig.reviews import reviews
from rig.s3_proxy import S3Proxy

BATCHES = 45
MOST = 7


@pytest.fixture
def proxy(minio):
    made = S3Proxy(minio.endpoint)
    yield made
    made.close()


def test_requests_of_a_batch(sluice, minio, proxy, topic, tmp_path):
    reviews_topic = topic(2)
    reviews_topic.produce(reviews(0, BATCHES * 20))
    sluice.env.update({**minio.env(), "AWS_ENDPOINT_URL": proxy.endpoint})
    base = f"s3a://{minio.bucket}/request-counts"
    pipeline = Pipeline(reviews_topic, f"{base}/table", f"{base}/checkpoint", max_offsets=20,
                        settings={"spark.sql.streaming.minBatchesToRetain": 10})
    sluice.ok("run", pipeline.write_sql(tmp_path))
    batches = requests.by_batch(proxy.requests)
    assert list(batches) == list(range(BATCHES))
    # Two part files, the sink log's entry, offsets and commit; a compaction reads the last one, a purge deletes.
    usual = [len(found) for found in batches.values()]
    assert statistics.median(usual) == 5, batches[20]
    assert max(usual) <= MOST, max(batches.values(), key=len)
    lists = [r for found in batches.values() for r in found if "list-type=2" in r]
    # The first purge looks at what is there, and so may each compaction.
    assert 1 <= len(lists) <= 1 + BATCHES // 10, lists
    deletes = {batch: found for batch, found in batches.items() if any(r.startswith(("POST", "DELETE")) for r in found)}
    assert deletes, "nothing was purged"
    for batch, found in deletes.items():
        (one,) = [r for r in found if r.startswith(("POST", "DELETE"))]
        assert one.startswith("POST") and "delete" in one.partition("?")[2], f"batch {batch}: {one}"
    numbers = sorted(deletes)
    assert all(b - a >= 10 for a, b in zip(numbers, numbers[1:])), numbers
    left = {int(k.rsplit("/", 1)[1]) for k in minio.list("request-counts/checkpoint/offsets/")}
    assert left >= set(range(BATCHES - 10, BATCHES)) and min(left) > 10, sorted(left)
