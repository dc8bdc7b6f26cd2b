# SPDX-License-Identifier: Apache-2.0
"""Drawn queries that keep state, with what real Spark gave for them (tests/golden/state/drawn.json, written by
tests/stateful/compare.py --record): the same rows, watermarks and counts in each batch."""
import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/stateful"))
import compare  # noqa: E402  (the path comes first)

RECORDED = json.loads((ROOT / "tests/golden/state/drawn.json").read_text())


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    server, started = compare.sluice_engine(tmp_path_factory.mktemp("drawn"))
    with server:
        yield started


@pytest.mark.parametrize("number", range(len(RECORDED)),
                         ids=[f"{r['script']['seed']}, {r['script']['kind']}, {r['script']['mode']}" for r in RECORDED])
def test_each_batch_is_as_sparks(engine, number):
    recorded = RECORDED[number]
    found = compare.differences(recorded["spark"], compare.ask(engine, recorded["script"]))
    assert not found, "\n".join(found)
