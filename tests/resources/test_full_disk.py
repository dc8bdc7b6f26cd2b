# SPDX-License-Identifier: Apache-2.0
"""A disk that runs full, at any point of a batch: the query ends with a named error and half of nothing, and goes on
exactly once when there is room again. On a small memory disk of its own, where the user may mount one."""
import contextlib
import os
import subprocess

import pytest
from rig import table
from rig.pipeline import Pipeline

ROOM = "64m"


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def only_left(folder, free: int):
    """Fills the disk up to `free` bytes."""
    filler = folder.parent / "disk" / "filler"
    room = os.statvfs(folder)
    with open(filler, "wb") as out:
        os.posix_fallocate(out.fileno(), 0, max(room.f_bavail * room.f_bsize - free, 1))
    try:
        yield
    finally:
        filler.unlink()


def test_full_disk_at_any_point(sluice, topic, disk, tmp_path, seed):
    reviews = topic()
    reviews.produce([os.urandom(2000).hex().encode() for _ in range(300)])
    pages = [4096 * n for n in range(0, 160, 2)]
    full = 0
    for case, free in enumerate(pages[seed % 8::8]):
        pipeline = Pipeline(reviews, disk / f"t{case}", disk / f"c{case}", max_offsets=60, select=["value"])
        job = pipeline.write_sql(tmp_path / str(case))
        with only_left(disk, free):
            done = sluice.run("run", job)
            if done.code != 0:
                full += 1
                assert done.code == 1 and "SLUICE_NO_SPACE" in done.err, f"{free} bytes left: {done.err[-2000:]}"
            offsets, commits = (table.log_numbers(disk / f"c{case}" / log) for log in ("offsets", "commits"))
            assert len(offsets) - len(commits) in (0, 1) and offsets[:len(commits)] == commits
            entries = table.log_numbers(disk / f"t{case}" / "_spark_metadata")
            assert len(entries) in (len(commits), len(commits) + 1), "no batch is half committed"
            if entries:
                found = table.identities(table.logged_files(disk / f"t{case}"))
                assert len(found) == len(set(found)) and len(found) % 60 == 0, "whole batches only"
        sluice.ok("run", job)
        for files in (table.part_files(disk / f"t{case}"), table.logged_files(disk / f"t{case}")):
            table.assert_exactly_once(table.identities(files), reviews.expected(), f"{free} bytes left at first")
        verified = sluice.ok("checkpoint", "verify", pipeline.checkpoint, "--sink", pipeline.table)
        assert "orphan" not in verified.out, verified.out
        leftover = [f for f in disk.rglob("*.tmp")]
        assert not leftover, f"temporary files stay behind: {leftover}"
        subprocess.run(["rm", "-rf", disk / f"t{case}", disk / f"c{case}"], check=True)
    assert full >= 5, "the disk must have been full in most cases"
