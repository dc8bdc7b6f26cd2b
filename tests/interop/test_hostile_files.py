# SPDX-License-Identifier: Apache-2.0
"""Links, special files and control characters, given to the release program: nothing outside of a named folder changes,
nothing blocks, and nothing that a record holds steers a terminal."""
import json
import os
import pathlib
import pty
import re
import stat
import subprocess

import pytest
from rig import program, table
from rig.pipeline import Pipeline
from rig.reviews import reviews

ORPHAN = "part-00007-78047e42-570e-476a-a8da-4f6632edc9a2-c000.snappy.parquet"
QUICK = 20  # seconds; what waits for a FIFO never ends


@pytest.fixture
def finished(sluice, topic, tmp_path):
    """A pipeline that has run: 100 rows in one batch."""
    pipeline = Pipeline(topic(), tmp_path / "table", tmp_path / "checkpoint")
    pipeline.topic.produce(reviews(0, 100))
    sluice.ok("run", pipeline.write_sql(tmp_path))
    return pipeline


def snapshot(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_clean_and_repair_stay_inside(sluice, finished, tmp_path):
    victim = tmp_path / "victim"
    (victim / "deep").mkdir(parents=True)
    for folder in (victim, victim / "deep", finished.table):
        (folder / ORPHAN).write_bytes(b"x")
    (victim / ".5.tmp").write_bytes(b"x")
    before = snapshot(victim)
    for name, target in {"out": victim, "self": ".", "above": tmp_path, "root": "/"}.items():
        (finished.table / name).symlink_to(target)
    words = (finished.checkpoint, "--sink", finished.table)
    for command in ("verify", "repair", "clean"):
        done = sluice.ok("checkpoint", command, *words, timeout=QUICK)
    assert ORPHAN in done.out and "1 files removed" in done.out
    assert not (finished.table / ORPHAN).exists()
    (finished.checkpoint / "sources" / "0" / "0").rename(tmp_path / "kept")
    (finished.checkpoint / "sources" / "0").rmdir()
    (finished.checkpoint / "sources" / "0").symlink_to(victim)
    done = sluice.run("checkpoint", "repair", *words, timeout=QUICK)
    assert done.code == 1 and "symbolic link" in done.err
    assert snapshot(victim) == before
    found = table.identities(table.logged_files(finished.table))
    table.assert_exactly_once(found, finished.topic.expected(), "after the repairs")


@pytest.mark.parametrize("path", ["{victim}", "{table}/../victim/secret.parquet", "{table}/%2e%2e/victim/secret.parquet"])
def test_a_sink_log_names_nothing_outside(sluice, finished, tmp_path, path):
    victim = tmp_path / "victim"
    victim.mkdir()
    secret = victim / "secret.parquet"
    secret.write_bytes(table.part_files(finished.table)[0].read_bytes())
    uri = "file://" + path.format(victim=secret, table=finished.table)
    entry = finished.table / "_spark_metadata" / "0"
    lines = entry.read_text().split("\n")
    entry.write_text("\n".join([*lines, json.dumps({**json.loads(lines[1]), "path": uri, "size": secret.stat().st_size})]))
    (finished.table / "_spark_metadata" / ".0.crc").unlink(missing_ok=True)
    read = sluice.run("sql", f"SELECT count(*) FROM parquet.`{finished.table}`", timeout=QUICK)
    assert read.code == 1 and "is not below" in read.err and uri in read.err
    for command in ("verify", "repair", "clean"):
        done = sluice.run("checkpoint", command, finished.checkpoint, "--sink", finished.table, timeout=QUICK)
        assert done.code == 1 and "is not below" in done.all, done.all
    assert secret.exists()


@pytest.mark.parametrize("query_id", ["../../escaped", "/abs", "x", "78047e42-570e-476a-a8da-4f6632edc9a2/../../escaped"])
def test_a_query_id_is_no_path(sluice, finished, tmp_path, query_id):
    (finished.checkpoint / "metadata").write_text(json.dumps({"id": query_id}))
    (finished.checkpoint / ".metadata.crc").unlink(missing_ok=True)
    finished.topic.produce([b"too short"])
    finished.settings["spark.sluice.badRecords.path"] = tmp_path / "bad"
    done = sluice.run("run", finished.write_sql(tmp_path), timeout=60)
    assert done.code == 1 and "is no UUID" in done.err and "metadata" in done.err
    assert not (tmp_path / "escaped").exists() and not (tmp_path / "bad").exists()


def special_files(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    fifo, sparse = folder / "fifo", folder / "sparse"
    os.mkfifo(fifo)
    with open(sparse, "wb") as file:
        file.truncate(1 << 40)
    (folder / "link").symlink_to(fifo)
    return {"FIFO": fifo, "link to a FIFO": folder / "link", "device": pathlib.Path("/dev/zero"), "folder": folder,
            "sparse": sparse}


def test_special_files_are_refused_at_once(sluice, tmp_path):
    (tmp_path / "files").mkdir()
    for kind, path in special_files(tmp_path / "files").items():
        expected = ("longer than", "bytes") if kind == "sparse" else (kind.split()[-1],)
        for words in (("sql", "SELECT 1", "--env-file", path), ("run", path)):
            done = sluice.run(*words, timeout=QUICK)
            assert done.code == 2 and any(text in done.err for text in expected), (kind, words, done.all)
        if kind in ("FIFO", "link to a FIFO", "device"):
            done = sluice.run("sql", f"SELECT * FROM parquet.`{path}`", timeout=QUICK)
            assert done.code == 1 and expected[0] in done.err, (kind, done.all)


@pytest.mark.parametrize("name", ["offsets/0", "commits/0", "metadata"])
def test_special_files_in_a_checkpoint(sluice, finished, tmp_path, name):
    entry = finished.checkpoint / name
    entry.unlink()
    os.mkfifo(entry)
    for words in (("run", finished.write_sql(tmp_path)), ("checkpoint", "show", finished.checkpoint),
                  ("checkpoint", "verify", finished.checkpoint, "--sink", finished.table)):
        done = sluice.run(*words, timeout=QUICK)
        assert "a FIFO where a file is needed" in done.all and str(entry) in done.all, (words, done.all)


def test_output_replaces_only_on_success(sluice, tmp_path):
    out = tmp_path / "out.csv"
    query = "SELECT id AS n FROM range(3)"
    sluice.ok("sql", query, "--format", "csv", "--output", out)
    assert out.read_text() == "n\n0\n1\n2\n"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(out.stat().st_mode) == 0o666 & ~mask
    out.chmod(0o640)
    done = sluice.run("sql", "SELECT 1 / (id - 2) AS n FROM range(3)", "--format", "csv", "--output", out)
    assert done.code == 1 and "DIVIDE_BY_ZERO" in done.err
    assert out.read_text() == "n\n0\n1\n2\n", "a query that failed leaves what was there"
    sluice.ok("sql", "SELECT 7 AS n", "--format", "csv", "--output", out)
    assert out.read_text() == "n\n7\n" and stat.S_IMODE(out.stat().st_mode) == 0o640
    assert [f.name for f in tmp_path.iterdir() if f.is_file()] == ["out.csv"], "nothing is left beside it"


def test_output_follows_nothing(sluice, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("kept")
    (tmp_path / "link").symlink_to(kept)
    (tmp_path / "dangling").symlink_to(tmp_path / "made")
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "link", tmp_path / "dangling", tmp_path / "fifo", "/dev/null", "/dev/stdout", tmp_path,
                 tmp_path / "none" / "x"):
        done = sluice.run("sql", "SELECT 1", "--output", path, timeout=QUICK)
        assert done.code == 2 and str(path) in done.err, (path, done.all)
    assert kept.read_text() == "kept" and (tmp_path / "link").is_symlink() and not (tmp_path / "made").exists()
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


STEERING = "\x1b]0;owned\x07\x1b[2J\u009b31m\u202etxt"


def on_a_terminal(sluice, terminal, *words) -> str:
    """What a terminal of that kind gets from the program."""
    leader, follower = pty.openpty()
    with subprocess.Popen([program.SLUICE, *map(str, words)], stdin=subprocess.DEVNULL, stdout=follower, stderr=follower,
                          cwd=sluice.cwd, env=program.clean_environment({"TERM": terminal})) as child:
        os.close(follower)
        seen = b""
        try:
            while piece := os.read(leader, 65536):
                seen += piece
        except OSError:  # the other end is closed
            pass
        child.wait(QUICK)
    os.close(leader)
    return seen.decode()


@pytest.mark.parametrize("terminal", ["dumb", "xterm-256color"])
@pytest.mark.parametrize("form", ["table", "csv", "json", "markdown"])
def test_rows_do_not_steer_a_terminal(sluice, form, terminal):
    query = "SELECT concat(" + ", ".join(f"chr({ord(c)})" if ord(c) < 256 else f"'{c}'" for c in STEERING) + ") AS x"
    seen = on_a_terminal(sluice, terminal, "sql", query, "--format", form)
    if terminal != "dumb":
        seen = re.sub("\x1b\\[[012]m", "", seen)  # the program's own colours
    assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", seen) is None, repr(seen)
    assert "\\u001b[2j" in seen.lower() and "\\u202etxt" in seen
    piped = sluice.ok("sql", query, "--format", form).out
    shown = STEERING.replace("\a", "\\a") if form in ("table", "markdown") else STEERING  # as Spark's show() has a bell
    assert shown in piped or (form == "json" and json.loads(piped) == {"x": STEERING}), "not changed on the way to a file"


def test_errors_and_logs_do_not_steer_a_terminal(sluice, topic, tmp_path):
    done = sluice.run("sql", f"SELECT CAST('{STEERING}' AS INT)")
    assert done.code == 1 and "\\u001b[2J\\u009b31m\\u202etxt" in done.err
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.err) is None, repr(done.err)
    source = topic(1)
    source.produce([STEERING.encode() + b"\xff"])
    pipeline = Pipeline(source, tmp_path / "t", tmp_path / "c", select=["CAST(parts[0] AS INT) AS n"])
    done = sluice.run("run", pipeline.write_sql(tmp_path), "--log-level", "debug")
    assert done.code == 1 and "\\u001b[2J" in done.err
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.all) is None, repr(done.all)


def test_private_files_whatever_the_umask(sluice, topic, tmp_path):
    pipeline = Pipeline(topic(), tmp_path / "table", tmp_path / "deep" / "checkpoint",
                        settings={"spark.sluice.privateFiles": "true", "spark.sluice.badRecords.path": tmp_path / "bad"})
    pipeline.topic.produce([*reviews(0, 10), b"too short"])
    before = os.umask(0)
    try:
        sluice.ok("run", pipeline.write_sql(tmp_path))
    finally:
        os.umask(before)
    private = [f for top in (tmp_path / "deep", tmp_path / "bad") for f in (top, *top.rglob("*"))]
    assert any(f.suffix == ".jsonl" for f in private) and any(f.name == "metadata" for f in private)
    for path in private:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert stat.S_IMODE(table.part_files(tmp_path / "table")[0].stat().st_mode) == 0o666, "the table is for others to read"
