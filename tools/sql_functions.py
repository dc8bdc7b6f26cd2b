# SPDX-License-Identifier: Apache-2.0
"""sql_functions.py [--check]: writes include/sluice/sql_functions_*.h, a C++ function for each name in docs/functions.md
that C++ allows and that functions.h does not declare. --check only compares; exit 1 when a header is not the same."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = {"a_to_l": r"[a-l]", "m_to_z": r"[^a-l]"}  # by the first letter of a function's name
KEYWORDS = {"struct", "typeof", "and", "or", "not", "if", "case", "char", "double", "float", "int", "bool"}
BEGIN = """// SPDX-License-Identifier: Apache-2.0
// Written by tools/sql_functions.py from docs/functions.md, which says what each function gives. Arguments are columns
// and constants: `substring(col("title"), 1, 10)`. Text is always a constant; a column is named by col.
#pragma once

#include "sluice/column.h"
#include "sluice/functions.h"

namespace sluice::functions {
// clang-format off

"""


def names() -> list[str]:
    page = (ROOT / "docs/functions.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \|", page, re.M)
    aggregates = re.findall(r"`(\w+)`", page.split("## Aggregates")[1])
    declared = set(re.findall(r"^Column (\w+)\(", (ROOT / "include/sluice/functions.h").read_text(), re.M))
    usable = [name for name in [*rows, *aggregates] if re.fullmatch(r"[a-z_][a-z0-9_]*", name)]
    return sorted(set(usable) - declared - KEYWORDS)


def main() -> int:
    stale = []
    for part, letters in HEADERS.items():
        lines = [f'template <typename... A> Column {name}(const A&... a) {{ return call_function("{name}", {{lit(a)...}}); }}'
                 for name in names() if re.match(letters, name)]
        text = BEGIN + "\n".join(lines) + "\n\n// clang-format on\n}  // namespace sluice::functions\n"
        header = ROOT / f"include/sluice/sql_functions_{part}.h"
        if "--check" not in sys.argv:
            header.write_text(text)
        elif header.read_text() != text:
            stale.append(header.name)
    if stale:
        print(f"not what tools/sql_functions.py writes; run it: {', '.join(stale)}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
