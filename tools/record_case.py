#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what real Spark makes of every character in upper(), lower() and initcap(): src/expr/case_table.cc and
tests/golden/case_mapping.txt.

  record_case.py      with the Python of a Spark installation (pyspark, classic, local)
"""
import pathlib

from pyspark.sql import SparkSession

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEADER = """// SPDX-License-Identifier: Apache-2.0
// Made by tools/record_case.py from real Spark's upper(), lower() and initcap(); not edited by hand.
#include "expr/case_table.h"

namespace sluice {
"""


def runs(pairs):
    """(point, other point) in the order of the points, as runs of one distance: first, last, step, distance."""
    made = []
    for point, other in pairs:
        distance = other - point
        if made and made[-1][3] == distance and point - made[-1][1] in (1, 2) and (made[-1][2] in (0, point - made[-1][1])):
            made[-1][1:3] = [point, point - made[-1][1]]
        else:
            made.append([point, point, 0, distance])
    return [(first, last, step or 1, distance) for first, last, step, distance in made]


def rows(texts):
    lines = [""]
    for text in texts:
        if len(lines[-1]) + len(text) > 115:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "    ") + text
    return "\n".join(lines)


def table(name, mapped):
    single = runs([(point, ord(text)) for point, text in mapped if len(text) == 1])
    several = [(point, text) for point, text in mapped if len(text) > 1]
    body = rows(f"{{0x{first:X}, 0x{last:X}, {step}, {distance}}}," for first, last, step, distance in single)
    made = f"\nconstexpr CaseRun k{name}Runs[] = {{\n{body}\n}};\n"
    if several:
        escaped = (f'{{0x{point:X}, U"{"".join(f"{chr(92)}x{ord(c):X}" for c in text)}"}},' for point, text in several)
        made += f"\nconstexpr CaseText k{name}Texts[] = {{\n{rows(escaped)}\n}};\n"
    return made


def main() -> None:
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    found = spark.sql("""
        SELECT id, upper(c), lower(c), initcap(c) FROM (
          SELECT id, decode(unhex(lpad(hex(id), 8, '0')), 'UTF-32') AS c FROM range(1, 1114112) WHERE NOT id BETWEEN 55296 AND 57343)
        WHERE NOT (upper(c) = c AND lower(c) = c AND initcap(c) = c) ORDER BY id""").collect()
    spark.stop()
    upper = [(row[0], row[1]) for row in found if row[1] != chr(row[0])]
    lower = [(row[0], row[2]) for row in found if row[2] != chr(row[0])]
    # Most characters have one upper case for both.
    title = [(row[0], row[3]) for row in found if row[3] != row[1]]
    (ROOT / "src/expr/case_table.cc").write_text(
        f"{HEADER}namespace {{\n{table('Upper', upper)}{table('Lower', lower)}{table('Title', title)}\n}}  // namespace\n\n"
        "const CaseTable kUpperCase = {kUpperRuns, kUpperTexts};\nconst CaseTable kLowerCase = {kLowerRuns, kLowerTexts};\n"
        "const CaseTable kTitleCase = {kTitleRuns, kTitleTexts};\n\n}  // namespace sluice\n")
    lines = (" ".join([f"{row[0]:X}"] + [row[i].encode().hex() for i in (1, 2, 3)]) for row in found)
    (ROOT / "tests/golden/case_mapping.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
