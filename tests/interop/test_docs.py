# SPDX-License-Identifier: Apache-2.0
"""Every command that README and docs print is pasted into interactive shells, as a user would, and where the page shows
what it prints, it prints that. The marks of blocks: tests/rig/pages.py."""
import os
import pathlib
import shutil
import subprocess

import pytest
from rig import pages, program

BLOCKS = pages.blocks()
SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
MOST_NOT_RUN = 5


def test_blocks_say_what_they_are():
    for block in BLOCKS:
        assert block.kind in pages.COMMANDS | pages.OTHERS, f"{block}: {block.kind!r} (see tests/rig/pages.py)"
        if block.kind == "text":
            commands = [line for line in block.text.splitlines() if line.startswith(("$ ", "sluice ", "make ", "build/"))]
            assert all("[" in line for line in commands), block
    left_out = [block for block in BLOCKS if block.reason]
    assert len(left_out) <= MOST_NOT_RUN, [str(block) for block in left_out]
    assert any(block.kind == "console" for block in BLOCKS)


class Desk:
    """A folder in which the pages' commands find what they name: the built program, the table of the demo on disk and
    on S3, the files that the pages print, and whatever a page calls DIR and TABLE."""

    def __init__(self, folder: pathlib.Path, minio):
        self.folder, self.minio = folder, minio
        (folder / "build").mkdir()
        (folder / "build" / "release").symlink_to(program.SLUICE.parent)
        (folder / "examples").symlink_to(program.ROOT / "examples")
        self.env = program.clean_environment({
            **minio.env(), "PATH": f"{program.SLUICE.parent}:{os.environ['PATH']}", "PS1": "", "PROMPT": "", "TERM": "dumb",
            "HISTFILE": "/dev/null"})
        for block in BLOCKS:
            if block.file_name:
                assert not (folder / block.file_name).exists(), f"{block}: a second file {block.file_name}"
                (folder / block.file_name).write_text(block.text)
        self.paste("bash", "sluice demo")
        table = folder / "lake" / "bronze" / "reviews"
        (folder / "TABLE").symlink_to(table)
        (folder / "DIR").symlink_to(folder / "lake" / "bronze" / "reviews-checkpoint")
        minio.make_bucket("bucket")
        for file in table.glob("part-*.parquet"):
            minio.put(f"key/bronze/reviews/{file.name}", file.read_bytes(), bucket="bucket")

    def paste(self, shell: str, command: str) -> str:
        """Types the command; all that it prints. The shell is interactive: it expands history, and knows no comments
        if it is zsh."""
        done = subprocess.run(SHELLS[shell], input=f"{command} >output.txt 2>&1\nexit $?\n", cwd=self.folder, env=self.env,
                              capture_output=True, text=True, timeout=120)
        output = (self.folder / "output.txt").read_text()
        program.outputs.append((command, output))
        assert done.returncode == 0, f"{shell}: {command}: exit {done.returncode}\n{output}{done.stderr}"
        return output


@pytest.fixture(scope="module")
def desk(tmp_path_factory, minio) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"), minio)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind in pages.COMMANDS and not b.reason], ids=str)
def test_commands_of_a_page(desk, block, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}: tools/deps.sh test")
    assert block.commands, block
    for command, shown in block.commands:
        printed = desk.paste(shell, command)
        if command.endswith("sluice demo"):  # prints the commands that follow, and what they print
            shown = block.text.split("\n", 1)[1]
        if shown is not None:
            assert pages.masked(printed) == pages.masked(shown), f"{block}: {command}"
