# SPDX-License-Identifier: Apache-2.0
"""The container recipe, as far as it can be checked without a container engine: what is copied, what is installed, who runs."""
import pathlib
import re
import subprocess

import pytest
from rig.program import ROOT, SLUICE

STAGES = (ROOT / "Dockerfile").read_text().split("\nFROM ")[1:]


def package_of(library: str) -> str:
    for path in (str(pathlib.Path(library).resolve()), library):
        done = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    raise AssertionError(f"no package has {library}")


def test_every_library_of_the_program_is_installed():
    if "bookworm" not in pathlib.Path("/etc/os-release").read_text():
        pytest.skip("the recipe names the packages of Debian 12")
    loaded = subprocess.run(["ldd", SLUICE], capture_output=True, text=True, check=True).stdout
    libraries = [path for path in re.findall(r"=> (/\S+)", loaded) if "pyarrow" not in path]
    assert len(libraries) > 5, loaded
    named = set(re.findall(r"[a-z][\w.+-]+", STAGES[-1]))
    for library in libraries:
        assert package_of(library) in named, f"Dockerfile: {library} is of {package_of(library)}"


def test_secrets_and_builds_stay_out():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", ".venv", "build", ".git"} <= set(ignored)


def test_the_program_runs_without_rights_and_keeps_checkpoints():
    assert len(STAGES) == 2, "a stage that builds, and one that runs"
    lines = STAGES[-1].splitlines()
    user = next(line for line in lines if line.startswith("USER "))
    assert user.split()[1] not in ("root", "0")
    assert lines.index(user) < next(i for i, line in enumerate(lines) if line.startswith("ENTRYPOINT"))
    assert "VOLUME /var/lib/sluice" in lines
