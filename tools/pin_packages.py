# SPDX-License-Identifier: Apache-2.0
"""Writes tools/pins/python-*.txt: every Python package that tools/deps.sh installs, with the SHA-256 of each file of it
that a machine may be given (x86-64 and ARM, Python 3.11 to 3.13). Run it after a version below has changed:

  .venv/bin/python tools/pin_packages.py [set...]

pip asks its index; wheels are not downloaded, source packages (PySpark, 400 MB each) are.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SETS = {
    "build": ["pyarrow==26.0.1", "pyspark-client==4.2.0"],
    "test": ["pytest==9.0.2", "confluent-kafka==2.16.1", "prometheus-client==0.26.0"],
    "sources": ["setuptools==80.9.0", "wheel==0.45.1"],  # what source packages are built with
    "spark-4.2.0": ["pyspark==4.2.0"],
    "spark-3.5.7": ["pyspark==3.5.7", "setuptools==80.9.0"],
    "clients": ["ibis-framework==12.0.0", "pyspark-client==4.2.0", "packaging", "pyarrow-hotfix", "rich"],
    "dbt": ["dbt-core==1.11.16", "dbt-spark==1.11.0", "pyspark-client==4.2.0", "pandas==3.1.1"],
    "bench": ["duckdb==2.0.0", "polars==2.1.0", "pytz"],
}
PLATFORMS = [[f"{kind}_{machine}" for kind in ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_26")]
             for machine in ("x86_64", "aarch64")]
SOURCE_PACKAGES = ("pyspark==", "pyspark-client==")  # one file, the same everywhere
PYTHONS = ["3.11", "3.12", "3.13"]


def report(requirements: list[str], *options: str) -> dict[str, set[str]]:
    """The files that pip would install: {name==version: SHA-256}."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "report.json")
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--dry-run",
                        "--ignore-installed", "--report", file, *options, *requirements], check=True)
        found: dict[str, set[str]] = {}
        for item in json.loads(file.read_text())["install"]:
            name = f"{item['metadata']['name'].lower().replace('_', '-')}=={item['metadata']['version']}"
            found.setdefault(name, set()).add(item["download_info"]["archive_info"]["hashes"]["sha256"])
        return found


def add_wheels(resolved: dict[str, set[str]], python: str, platforms: list[str]) -> None:
    """Adds the files for another machine."""
    names = [name for name in resolved if not name.startswith(SOURCE_PACKAGES)]
    options = ["--no-deps", "--only-binary=:all:", "--python-version", python, "--target", "unused"]
    for platform in platforms:
        options += ["--platform", platform]
    try:
        for name, hashes in report(names, *options).items():
            resolved[name] |= hashes
    except subprocess.CalledProcessError:
        print(f"{' '.join(names)}: not all are there for Python {python}, {platforms[0]}", file=sys.stderr)


def pins(requirements: list[str]) -> str:
    resolved = report(requirements)
    for python in PYTHONS:
        for platforms in PLATFORMS:
            add_wheels(resolved, python, platforms)
    lines = []
    for name in sorted(resolved):
        lines.append(" \\\n    ".join([name, *(f"--hash=sha256:{h}" for h in sorted(resolved[name]))]))
    return "\n".join(lines) + "\n"


def main() -> None:
    for name in sys.argv[1:] or SETS:
        text = pins(SETS[name])
        (ROOT / "tools" / "pins" / f"python-{name}.txt").write_text(f"# Made by tools/pin_packages.py.\n{text}")


if __name__ == "__main__":
    main()
