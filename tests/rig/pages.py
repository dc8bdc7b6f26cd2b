# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of README and docs, and their commands. What stands behind three backticks says what a block is:

    sh          commands, a line each
    console     commands behind `$ `, each with the output that follows it up to an empty line
    sh not-run: REASON, console not-run: REASON     commands that a test cannot run
    sql, python, cpp, cmake, dockerfile, json, text  no commands of a shell; a synopsis with [..] is text

A block that begins with a comment of a file's name alone (`-- silver.sql`) is that file, for the commands of its page."""
import dataclasses
import pathlib
import re

from .program import ROOT

COMMANDS = {"sh", "console"}
OTHERS = {"sql", "python", "cpp", "cmake", "dockerfile", "json", "text"}
# What varies from run to run: speed, lag and time. A shorter time is padded in a table.
VARYING = [(re.compile(r"\d+ rows/s"), "N rows/s"), (re.compile(r"lag \d+"), "lag N"),
           (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})? *"), "TIME")]


@dataclasses.dataclass(frozen=True)
class Block:
    page: str
    line: int
    kind: str
    reason: str  # why it is not run; empty: it is
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file_name(self) -> str | None:
        """The name of the file that the block is, said in its first line."""
        named = re.match(r"(?:--|#|//) ([\w-]+\.(?:sql|py|cc))\n", self.text)
        return named[1] if named else None

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Each command with the output that the page shows; None: it shows none."""
        if self.kind == "sh":
            return [(line, None) for line in self.text.splitlines() if line.strip()]
        pieces = re.split(r"^\$ ", self.text, flags=re.M)
        assert not pieces[0].strip(), f"{self}: output before the first command"
        return [(command, output.split("\n\n")[0]) for command, output in (p.split("\n", 1) for p in pieces[1:])]


def pages() -> list[pathlib.Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks() -> list[Block]:
    found = []
    for page in pages():
        text = page.read_text()
        for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.M | re.S):
            kind, _, more = match[1].strip().partition(" ")
            reason = more.removeprefix("not-run:").strip() if more.startswith("not-run:") else ""
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(str(page.relative_to(ROOT)), line, kind, reason, match[2]))
    return found


def masked(output: str) -> list[str]:
    for pattern, word in VARYING:
        output = pattern.sub(word, output)
    return [line.rstrip() for line in output.strip("\n").splitlines()]
