# SPDX-License-Identifier: Apache-2.0
"""pinned_module.py module.json pin: prints the folder of a Go module that `go mod download -json` fetched, if its hash is
the one in the file `pin`."""
import json
import pathlib
import sys

module = json.loads(pathlib.Path(sys.argv[1]).read_text())
expected = pathlib.Path(sys.argv[2]).read_text().split()
if [module["Path"], module["Version"], module["Sum"]] != expected:
    sys.exit(f"{module['Path']}@{module['Version']} has the hash {module['Sum']}, not that of {sys.argv[2]}")
print(module["Dir"])
