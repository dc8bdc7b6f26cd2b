# SPDX-License-Identifier: Apache-2.0
"""clang-format and clang-tidy on the C++ files that changed against the merge base with origin's main, else against
the last commit's parent; files not yet committed are among them.

  --all               every file of the project
  --tidy-seconds N    stop clang-tidy after N seconds (0: never); what was not reached is printed. A file that passed
                      is remembered by a hash of all it includes from this project, and is not read again.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "debug"
CACHE = pathlib.Path(os.environ.get("SLUICE_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "sluice") / "tidy"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()


def base() -> str:
    head = git("rev-parse", "-q", "--verify", "HEAD")
    for name in ("origin/main", "origin/HEAD"):
        merge = git("merge-base", "HEAD", name) if head else ""
        if merge and merge != head:
            return merge
    return git("rev-parse", "-q", "--verify", "HEAD~1") or EMPTY_TREE


def changed_files(everything: bool) -> list[pathlib.Path]:
    untracked = git("ls-files", "-o", "--exclude-standard").split("\n")
    named = git("ls-files").split("\n") if everything else git("diff", "--name-only", base()).split("\n")
    return sorted({ROOT / n for n in named + untracked if n.endswith((".h", ".cc")) and (ROOT / n).is_file()})


def format_findings(files: list[pathlib.Path]) -> list[str]:
    wrong = []
    for at in range(0, len(files), 100):
        done = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, files[at:at + 100])],
                              capture_output=True, text=True)
        wrong += sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line})
    return [f"{os.path.relpath(name, ROOT)}: not as clang-format writes it (make format)" for name in wrong]


def clang_commands() -> dict[str, dict]:
    """The debug build's commands by file, without what only g++ or ccache understand."""
    commands = {}
    for command in json.loads((BUILD / "compile_commands.json").read_text()):
        words, kept, skip = shlex.split(command["command"]), [], False
        words = words[next(i for i, w in enumerate(words) if re.search(r"(\+\+|g\+\+|c\+\+)[-0-9.]*$", w)):]
        for i, word in enumerate(words):
            if skip:
                skip = False
            elif word == "-include" and "cmake_pch" in words[i + 1]:
                skip = True
            elif word not in ("-Winvalid-pch", "-fpch-preprocess", "-Werror") and not word.startswith(
                    ("-Wno-", "-fsanitize", "-fno-sanitize")):
                kept.append(word)
        commands[str(pathlib.Path(command["file"]).resolve())] = {
            "directory": command["directory"], "file": command["file"], "arguments": kept + ["-w"]}
    return commands


def digest(path: pathlib.Path) -> str:
    """Over the file, what it includes from this project, and the checks asked for."""
    seen, todo, hasher = set(), [path], hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    while todo:
        file = todo.pop()
        if file in seen:
            continue
        seen.add(file)
        text = file.read_text(errors="replace")
        for name in INCLUDE.findall(text):
            todo += [p for p in (ROOT / "src" / name, ROOT / "include" / name, file.parent / name) if p.is_file()]
    for file in sorted(seen):
        hasher.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return hasher.hexdigest()


def tidy(path: pathlib.Path, database: pathlib.Path) -> tuple[pathlib.Path, str]:
    done = subprocess.run(["clang-tidy", "-quiet", "-p", str(database), str(path)], capture_output=True, text=True)
    return path, done.stdout if done.returncode else ""


def tidy_findings(files: list[pathlib.Path], seconds: float) -> list[str]:
    commands = clang_commands()
    files = [f for f in files if f.suffix == ".cc" and str(f) in commands]
    database = BUILD / "tidy"
    database.mkdir(exist_ok=True)
    (database / "compile_commands.json").write_text(json.dumps(list(commands.values())))
    CACHE.mkdir(parents=True, exist_ok=True)
    keys = {f: CACHE / digest(f) for f in files}
    todo = [f for f in files if not keys[f].exists()]
    deadline = time.monotonic() + (seconds or float("inf"))
    found, unread = [], []

    def check(path: pathlib.Path):
        return (path, None) if time.monotonic() > deadline else tidy(path, database)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, output in pool.map(check, todo):
            if output is None:
                unread.append(path)
            elif output:
                found.append(output.strip())
            else:
                keys[path].touch()
    print(f"clang-tidy: {len(files) - len(unread)} of {len(files)} changed sources "
          f"({len(files) - len(todo)} known from before)")
    for path in unread:
        print(f"clang-tidy: not reached in {seconds:.0f} s: {path.relative_to(ROOT)}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--tidy-seconds", type=float, default=float(os.environ.get("SLUICE_TIDY_SECONDS", 480)))
    options = parser.parse_args()
    files = changed_files(options.all)
    found = format_findings(files) + tidy_findings(files, options.tidy_seconds)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
