# SPDX-License-Identifier: Apache-2.0
"""compatibility.py [--check]: writes docs/compatibility.md, which functions of pyspark.sql.functions are there and which
are not, and src/analysis/missing_functions.cc, by which calls of the latter are refused. Run it with a Python that has
pyspark-client 4.2.0. --check only compares; exit 1 when a file is not the same."""
import inspect
import pathlib
import re
import sys
import textwrap
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/compatibility.md"
NAMES = ROOT / "src/analysis/missing_functions.cc"
# Parts of the DataFrame API: columns, constants, orders, and functions that are no expressions.
FORMS = {"asc", "asc_nulls_first", "asc_nulls_last", "broadcast", "call_function", "col", "column", "desc", "desc_nulls_first",
         "desc_nulls_last", "expr", "lit", "arrow_udf", "arrow_udtf", "call_udf", "pandas_udf", "udf", "udtf"}
# Written out by the analysis, and not in the table.
REWRITTEN = {"date_part", "datepart", "extract", "positive", "window", "session_window", "grouping", "grouping_id",
             "input_file_block_length", "input_file_block_start", "input_file_name",
             "explode", "explode_outer", "inline", "inline_outer", "json_tuple", "posexplode", "posexplode_outer", "stack",
             "cume_dist", "dense_rank", "lag", "lead", "nth_value", "ntile", "percent_rank", "rank", "row_number"}
# What a call becomes when its name is another one.
CALLS = {"count_distinct": "count", "countDistinct": "count", "listagg_distinct": "listagg", "string_agg_distinct": "string_agg",
         "sum_distinct": "sum", "sumDistinct": "sum", "timestamp_add": "timestampadd", "timestamp_diff": "timestampdiff",
         "create_map": "map", "approxCountDistinct": "approx_count_distinct", "bitwiseNOT": "~", "toDegrees": "degrees",
         "toRadians": "radians"}
PARTITIONS = "partition transforms belong to writeTo, and are no expressions"
REASONS = [
    (r"hll_|kll_|theta_|tuple_|count_min_sketch|bitmap_", "sketches and bitmaps are left out"),
    (r"xpath|.*_xml$", "XML is left out"),
    (r"st_", "geospatial types are left out"),
    (r"reflect$|java_method$|try_reflect$", "there is no JVM to call"),
    (r"unwrap_udt$", "there are no user-defined types"),
    (r"(years|months|days|hours|bucket)$", PARTITIONS),
    (r".*time_(from|to)_|(make|to|try_to|current)_time$|time_", "there is no TIME type"),
    (r".*variant|parse_json$|try_parse_json$", "there is no VARIANT type"),
    (r"(try_)?make_interval$", "there is no calendar interval, of months, days and microseconds in one"),
    (r".*interval", "there are no interval types"),
    (r"current_(catalog|database|schema|path)$", "a query does not know the catalog"),
    (r"collat", "UTF8_BINARY is the only collation"),
    (r".*", "not there yet"),
]
BEGIN = """# Compatibility
Which functions of `pyspark.sql.functions` 4.2.0 are there, and which are not. What each gives is in
[functions.md](functions.md). Written by `tools/compatibility.py` from that page and the installed client.

"""
CPP = """// SPDX-License-Identifier: Apache-2.0
// Written by tools/compatibility.py: functions that Spark has and Sluice lacks.
#include "analysis/missing_functions.h"

#include <algorithm>

namespace sluice {
namespace {

// clang-format off
constexpr std::string_view kMissing[] = {
%s
};
// clang-format on

}  // namespace

bool IsMissingFunction(std::string_view name) {
  return std::binary_search(std::begin(kMissing), std::end(kMissing), name);
}

}  // namespace sluice
"""


def client_functions() -> dict[str, str]:
    """Each function of the client with the name of the call that it makes."""
    warnings.simplefilter("ignore")
    import pyspark.sql.connect.functions.builtin as connect
    import pyspark.sql.functions as functions

    found = {}
    for name in dir(functions):
        value = getattr(functions, name)
        if not name[0].islower() or not callable(value) or not getattr(value, "__module__", "").startswith("pyspark.sql"):
            continue
        call = CALLS.get(name)
        if call is None:
            try:
                source = inspect.getsource(getattr(connect, name, value))
                match = re.search(r'_invoke_\w+\(\s*"([^"]+)"', source)
                call = match.group(1) if match else name
            except (OSError, TypeError):
                call = name
        found[name] = call
    return found


def known() -> set[str]:
    page = (ROOT / "docs/functions.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \|", page, re.M)
    return {name.lower() for name in rows} | set(re.findall(r"`([a-z0-9_]+)`", page.split("## Aggregates")[1])) | REWRITTEN


def listed(names: list[str]) -> str:
    return textwrap.fill(", ".join(f"`{name}`" for name in names) + ".", 118, break_long_words=False, break_on_hyphens=False) + "\n"


def render() -> tuple[str, str]:
    there, missing, calls = [], {}, set()
    have = known()
    for name, call in client_functions().items():
        if name in FORMS or call.lower() in have or name in have:
            there.append(name)
            continue
        reason = next(reason for pattern, reason in REASONS if re.match(pattern, name))
        missing.setdefault(reason, []).append(name)
        calls.add(call.lower())
    page = BEGIN + f"## There\n{len(there)} of {len(there) + sum(map(len, missing.values()))}.\n\n" + listed(there)
    page += "\n## Not there\nA call of one of them is refused by its name.\n"
    for reason, names in sorted(missing.items()):
        page += f"\n{reason[0].upper()}{reason[1:]}:\n" + listed(names)
    rows = textwrap.fill(", ".join(f'"{name}"' for name in sorted(calls)), 118, break_long_words=False, break_on_hyphens=False)
    return page, CPP % rows


def main() -> int:
    same = True
    for file, text in zip((PAGE, NAMES), render()):
        if "--check" not in sys.argv:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            print(f"{file.relative_to(ROOT)} is not what tools/compatibility.py writes; run it")
            same = False
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
