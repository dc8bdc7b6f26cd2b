#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what Java, and Spark with it, takes time zones for: tests/golden/zones.txt and src/types/zone_names_table.cc.

  record_zones.py

Runs tests/rig/Zones.java on the JDK that real Spark runs on here (tools/servers). The golden file has a hash a zone over all
changes of its clock from 1800 to 2500; the table has the zones' English names.
"""
import pathlib
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from servers import kafka  # noqa: E402  pylint: disable=wrong-import-position

TABLE = '''// SPDX-License-Identifier: Apache-2.0
// Made by tools/record_zones.py from the JDK's English names of time zones; not edited by hand.
#include "types/zone_names_table.h"

namespace sluice {{

const std::string_view kZoneGroups = R"({groups}
)";

const std::string_view kShortZoneNames = R"({short}
)";

const std::string_view kLongZoneNames = R"({long}
)";

}}  // namespace sluice
'''


def wrapped(text, separator=" "):
    return ("\n" + (" " if separator == " " else "")).join(textwrap.wrap(text, 118, break_long_words=False, break_on_hyphens=False))


def packed(names):
    """Several NAME=ID a line, separated by semicolons."""
    lines, line = [], ""
    for name in names:
        if line and len(line) + len(name) > 117:
            lines.append(line)
            line = ""
        line += name + ";"
    return "\n".join(lines + [line])


def main():
    done = subprocess.run([kafka.java(), "--add-exports", "java.base/sun.util.locale.provider=ALL-UNNAMED",
                           str(ROOT / "tests/rig/Zones.java")], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    groups = [wrapped(line[6:]) for line in lines if line.startswith("group ")]
    names = {kind: packed([line.split(" ", 2)[2] for line in lines if line.startswith(f"name {kind} ")]) for kind in ("short", "long")}
    (ROOT / "src/types/zone_names_table.cc").write_text(TABLE.format(groups="\n".join(groups), **names))
    system = pathlib.Path("/usr/share/zoneinfo/tzdata.zi").read_text().split("\n", 1)[0].replace("# version ", "system ")
    kept = [system] + [line for line in lines if line.startswith(("version ", "zone ", "id "))]
    (ROOT / "tests/golden/zones.txt").write_text("\n".join(kept) + "\n")
    print(f"{sum(line.startswith('zone ') for line in kept)} zones", file=sys.stderr)


if __name__ == "__main__":
    main()
