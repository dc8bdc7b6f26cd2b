# SPDX-License-Identifier: Apache-2.0
"""Fails when a folder of src/ includes one that stands below it in CMakeLists.txt's SLUICE_LAYERS, or when protobuf
types or gRPC appear in a layer that must not know them."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
PROTOBUF_LAYERS = {"analysis", "service", "channel", "client", "connect", "session"}


def layers() -> list[str]:
    text = (ROOT / "CMakeLists.txt").read_text()
    return re.search(r"set\(SLUICE_LAYERS ([^)]*)\)", text).group(1).split()


def violations(order: list[str]):
    rank = {name: i for i, name in enumerate(order)}
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        layer = path.relative_to(ROOT / "src").parts[0]
        if layer not in rank:
            yield f"{path.relative_to(ROOT)}: folder '{layer}' is not in SLUICE_LAYERS"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1)
            where = f"{path.relative_to(ROOT)}:{number}"
            first = target.split("/")[0]
            if first in rank and rank[first] > rank[layer]:
                yield f"{where}: {layer} includes {target}, which is a lower layer"
            if target.startswith(("spark/connect/", "google/protobuf/")) and layer not in PROTOBUF_LAYERS:
                yield f"{where}: {layer} includes {target}; protobuf types live in {', '.join(sorted(PROTOBUF_LAYERS))}"
            if {layer, first} == {"client", "connect"}:
                yield f"{where}: client and connect do not include each other"


def main() -> int:
    found = list(violations(layers()))
    for line in found:
        print(line)
    if not found and "--quiet" not in sys.argv:
        print("layer order holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
