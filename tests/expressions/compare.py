#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Sluice with real Spark on drawn SQL expressions: value, type and error class, with ANSI and without, in three time zones.

  compare.py --seed 1 [--count 20000] [--out build/expressions] [--show 5] [--record N]
  compare.py --again

Prints the number of differences by kind and function, and some of each; ends with 1 if there is one that differences.txt does not
name. Answers are kept in --out: the same seed asks Spark only once. --record N writes N of the expressions with Spark's answers
into tests/golden/expressions/drawn.tsv, which session_test answers without Spark. --again asks Spark anew all that stands in that
folder; a question is added there by hand, as a line of ansi, zone and query.
"""
import argparse
import collections
import glob
import math
import os
import pathlib
import re
import struct
import subprocess
import sys

import generate

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from servers import kafka, process  # noqa: E402  pylint: disable=wrong-import-position

HERE = pathlib.Path(__file__).parent
GOLDEN = ROOT / "tests/golden/expressions"
JAVA_PACKAGES = ["java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util",
                 "java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"]


def ask_spark(questions: pathlib.Path, answers: pathlib.Path):
    """One JVM for all of them: tests/rig/ExpressionAnswers.java against the jars of PySpark."""
    jars = glob.glob(str(process.CACHE / "spark-4.2.0/lib/python3*/site-packages/pyspark/jars"))[0] + "/*"
    java = pathlib.Path(kafka.java())
    classes = answers.parent / "classes"
    subprocess.run([str(java.with_name("javac")), "-cp", jars, "-d", str(classes), str(ROOT / "tests/rig/ExpressionAnswers.java")], check=True)
    opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in JAVA_PACKAGES]
    partly = answers.with_suffix(".part")
    with open(answers.parent / "spark.log", "wb") as log:
        subprocess.run(["nice", "-n", "5", str(java), "-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *opens, "-cp", f"{classes}:{jars}", "ExpressionAnswers", str(questions), str(partly)],
                       stdout=log, stderr=log, check=True)
    partly.rename(answers)


def ask_sluice(lines: list, folder: pathlib.Path) -> list:
    """Answers by session_test; a question that ends the process is answered by "crash" and the rest is asked again."""
    questions, answers = folder / "left.tsv", folder / "sluice.tsv"
    answers.unlink(missing_ok=True)
    done = []
    while len(done) < len(lines):
        questions.write_text("\n".join(lines[len(done):]) + "\n")
        answers.unlink(missing_ok=True)
        env = {**os.environ, "SLUICE_QUESTIONS": str(questions), "SLUICE_ANSWERS": str(answers)}
        subprocess.run([str(ROOT / "build/release/session_test"), "--gtest_filter=Expressions.AnswerAFile"], env=env, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        got = answers.read_text().splitlines() if answers.exists() else []
        done += got
        if len(done) < len(lines):
            done.append("crash")
    return done


def value_of(answer: str) -> str:
    parts = answer.split("\t")
    if parts[0] != "ok":
        return answer.replace("\t", " ")
    return f"{parts[1]} " + ("NULL" if parts[2] == "null" else repr(bytes.fromhex(parts[2]).decode("utf-8", "backslashreplace")))


def kind_of(spark: str, sluice: str) -> str:
    ours, theirs = sluice.split("\t"), spark.split("\t")
    if ours[0] == "crash":
        return "crash"
    if ours[0] == "error" and ours[1].startswith("UNSUPPORTED_FEATURE.SLUICE"):
        return "not there"
    if ours[0] != theirs[0]:
        return "refused by Sluice only" if ours[0] == "error" else "refused by Spark only"
    if ours[0] == "error":
        return "error class"
    return "type" if ours[1] != theirs[1] else "value"


def same_number(spark: str, sluice: str) -> bool:
    """One FLOAT or DOUBLE: written with other digits (a JDK before 19 writes more than are needed), or off in the last bits (sin,
    exp and the like are not the same to the bit on two machines)."""
    theirs, ours = spark.split("\t"), sluice.split("\t")
    if theirs[0] != "ok" or ours[:2] != theirs[:2] or theirs[1] not in ("float", "double") or "null" in (theirs[2], ours[2]):
        return False
    a, b = (float(bytes.fromhex(parts[2]).decode().replace("Infinity", "inf")) for parts in (theirs, ours))
    if theirs[1] == "float":
        a, b = (struct.unpack("f", struct.pack("f", x))[0] for x in (a, b))
    return a == b or (theirs[1] == "double" and abs(a - b) <= 4 * math.ulp(max(abs(a), abs(b))))


NUMBER = re.compile(r"-?\d+\.\d+(?:E-?\d+)?")


def same_digits(spark: str, sluice: str) -> bool:
    """Texts that differ in digits of a FLOAT or DOUBLE alone, which a JDK before 19 writes more of than are needed."""
    theirs, ours = spark.split("\t"), sluice.split("\t")
    if theirs[0] != "ok" or ours[:2] != theirs[:2] or theirs[1] in ("float", "double") or "null" in (theirs[2], ours[2]):
        return False
    texts = [bytes.fromhex(parts[2]).decode("utf-8", "backslashreplace") for parts in (theirs, ours)]
    numbers = [NUMBER.findall(text) for text in texts]
    if NUMBER.sub("#", texts[0]) != NUMBER.sub("#", texts[1]):
        return False
    return all(a == b or (len(a) > len(b) and (float(a) == float(b) or struct.pack("f", float(a)) == struct.pack("f", float(b))))
               for a, b in zip(*numbers, strict=True))


def wanted_differences():
    """Lines: kind, pattern of the name, pattern of the query, pattern of "spark | sluice", and why; parted by " :: "."""
    rows = []
    for line in (HERE / "differences.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            kind, name, query, answers, why = line.split(" :: ")
            rows.append((kind, re.compile(name), re.compile(query, re.S), re.compile(answers, re.S), why))
    return rows


def wanted(rows, kind, name, query, answers):
    return any(k in ("*", kind) and n.fullmatch(name) and q.search(query) and a.search(answers) for k, n, q, a, _ in rows)


def ask_again(folder: pathlib.Path):
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(GOLDEN.glob("*.tsv")):
        lines = ["\t".join(line.split("\t")[:3]) for line in path.read_text().splitlines()]
        questions, answers = folder / "questions.tsv", folder / "spark.tsv"
        questions.write_text("\n".join(lines) + "\n")
        ask_spark(questions, answers)
        path.write_text("".join(f"{line}\t{answer}\n" for line, answer in zip(lines, answers.read_text().splitlines(), strict=True)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/expressions")
    parser.add_argument("--show", type=int, default=3)
    parser.add_argument("--record", type=int, default=0)
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    if options.again:
        return ask_again(options.out / "again")
    folder = options.out / f"{options.seed}-{options.count}"
    folder.mkdir(parents=True, exist_ok=True)
    lines, names = generate.questions(options.seed, options.count)
    text = "\n".join(lines) + "\n"
    questions, answers = folder / "questions.tsv", folder / "spark.tsv"
    if not answers.exists() or not questions.exists() or questions.read_text() != text:
        questions.write_text(text)
        ask_spark(questions, answers)
    spark = answers.read_text().splitlines()
    sluice = ask_sluice(lines, folder)
    rows = wanted_differences()
    found, named = collections.defaultdict(list), 0
    same = []
    for line, name, theirs, ours in zip(lines, names, spark, sluice, strict=True):
        if theirs == ours:
            same.append(f"{line}\t{theirs}")
            continue
        kind = kind_of(theirs, ours)
        if same_number(theirs, ours) or same_digits(theirs, ours) or wanted(rows, kind, name, line, f"{value_of(theirs)} | {value_of(ours)}"):
            named += 1
        else:
            found[kind, name].append(f"  {line}\n    Spark  {value_of(theirs)}\n    Sluice {value_of(ours)}")
    for (kind, name), cases in sorted(found.items(), key=lambda item: -len(item[1])):
        print(f"{len(cases):5} {kind}: {name}")
        print("\n".join(cases[:options.show]))
    kinds = collections.Counter()
    for (kind, _), cases in found.items():
        kinds[kind] += len(cases)
    print(f"expressions: seed {options.seed}, {options.count} expressions, {len(lines)} answers, {sum(kinds.values())} differences "
          f"({', '.join(f'{count} {kind}' for kind, count in kinds.most_common()) or 'none'}), {named} wanted ones")
    if options.record:
        step = max(len(same) // options.record, 1)
        (GOLDEN / "drawn.tsv").write_text("\n".join(same[::step][:options.record]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
