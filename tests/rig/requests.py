# SPDX-License-Identifier: Apache-2.0
"""Which requests to S3 belong to which batch, from a list of "METHOD path" in the order they came."""
import re

OFFSETS = re.compile(r"PUT [^?]*/checkpoint/offsets/(\d+)$")


def by_batch(requests: list[str]) -> dict[int, list[str]]:
    """A batch begins with its offsets entry and ends before the next one; what comes before the first is start-up. A
    try that is repeated counts again."""
    batches: dict[int, list[str]] = {}
    current = None
    for request in requests:
        if found := OFFSETS.match(request):
            current = batches.setdefault(int(found.group(1)), [])
        if current is not None:
            current.append(request)
    return batches
