# SPDX-License-Identifier: Apache-2.0
"""What the loader is told by every program and library that is built or installed: where it may search for libraries,
and what it protects."""
import json
import os
import pathlib
import re
import stat
import subprocess

import pytest
from rig.program import SLUICE

BUILD = SLUICE.parent
OURS = ("sluice", "libsluice.so")  # the files that are shipped; the others are Arrow's, or for tests


def elf_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Programs and shared libraries below a folder; no objects, no links."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or "CMakeFiles" in path.parts or path.suffix in (".o", ".a"):
            continue
        with open(path, "rb") as file:
            if file.read(4) == b"\x7fELF":
                found.append(path)
    return found


def readelf(path: pathlib.Path, *what: str) -> str:
    return subprocess.run(["readelf", "-W", *what, path], capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def search_path(dynamic: str) -> list[str]:
    entries: list[str] = []
    for path in re.findall(r"\((?:RPATH|RUNPATH)\)\s+Library (?:rpath|runpath): \[(.*)\]", dynamic):
        entries += path.split(":")
    return entries


def others_may_write(folder: pathlib.Path) -> bool:
    """Whether another user could put a library there, or put another folder in its place."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if mode & stat.S_IWOTH and (place == folder or not mode & stat.S_ISVTX):
            return True
    return False


def wrong_entries(path: pathlib.Path, installed: bool) -> list[str]:
    wrong = []
    for entry in search_path(readelf(path, "-d")):
        relative_to_file = entry == "$ORIGIN" or entry.startswith("$ORIGIN/")
        if installed:
            if not relative_to_file:
                wrong.append(f"{path.name}: '{entry}' is not relative to the file")
        elif not relative_to_file:
            folder = pathlib.Path(entry)
            if not folder.is_absolute() or not folder.is_dir():
                wrong.append(f"{path.name}: '{entry}' is no absolute path of a folder")
            elif others_may_write(folder):
                wrong.append(f"{path.name}: others may write to '{entry}'")
    return wrong


def unprotected(path: pathlib.Path) -> list[str]:
    """What is missing of the hardening that every file of ours has."""
    text = readelf(path, "-h", "-d", "-l")
    program = "INTERP" in text
    rules = {
        "read-only relocations (GNU_RELRO)": "GNU_RELRO" in text,
        "all symbols bound at the start (BIND_NOW)": re.search(r"\(FLAGS_1\).*\bNOW\b", text) is not None,
        "a stack that is not executable": re.search(r"GNU_STACK.*\bRW\b", text) is not None,
        "no segment both writable and executable": re.search(r"LOAD.*\bRWE\b", text) is None,
        "an address chosen at the start (PIE)": not program or re.search(r"\(FLAGS_1\).*\bPIE\b", text) is not None,
        "names of needed libraries without a path": re.search(r"\(NEEDED\).*\[.*/", text) is None,
    }
    return [f"{path.name}: {rule}" for rule, kept in rules.items() if not kept]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("prefix")
    for _ in range(2):  # the second time the files are there already
        subprocess.run(["cmake", "--install", BUILD, "--prefix", folder], check=True, capture_output=True)
    return folder


def test_libraries_are_searched_in_fixed_folders_only(prefix):
    built, installed = elf_files(BUILD), elf_files(prefix)
    assert {"sluice", "libsluice.so.0.1.0"} <= {path.name for path in built}
    assert {"sluice", "libsluice.so.0.1.0", "libarrow.so.2600"} <= {path.name for path in installed}
    wrong = [line for path in built for line in wrong_entries(path, installed=False)]
    wrong += [line for path in installed for line in wrong_entries(path, installed=True)]
    assert not wrong, "\n".join(wrong)


def test_hardening(prefix):
    missing = [line for path in elf_files(BUILD) for line in unprotected(path)]
    missing += [line for path in elf_files(prefix) if path.name.startswith(OURS) for line in unprotected(path)]
    assert not missing, "\n".join(missing)


def test_stacks_and_string_functions_are_checked(prefix):
    for path in elf_files(prefix):
        if path.name.startswith(OURS):
            symbols = readelf(path, "--dyn-syms")
            assert "__stack_chk_fail" in symbols, path
            assert re.search(r"__\w+_chk@", symbols), path


# The file that each shared component of the bill of materials is loaded from. The others come with every system.
SHARED = {"Apache Arrow C++": ("libarrow", "libparquet"), "OpenSSL": ("libssl", "libcrypto"), "Zstandard": ("libzstd",),
          "Protocol Buffers": ("libprotobuf",), "Cyrus SASL": ("libsasl2",), "PCRE2": ("libpcre2-8",), "libedit": ("libedit",),
          "LZ4": ("liblz4",), "zlib": ("libz.",), "fmt": ("libfmt",), "spdlog": ("libspdlog",)}
SYSTEM = ("libc.", "libm.", "libgcc_s.", "libstdc++.", "ld-linux", "libdl.", "librt.", "libpthread.")


def test_the_bill_of_materials_names_what_is_linked(prefix, sluice):
    bill = json.loads((prefix / "share" / "sluice" / "sluice.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    linkage = {part["name"]: part["properties"][0]["value"] for part in bill["components"]}
    assert {name for name, how in linkage.items() if how == "shared"} == set(SHARED)
    assert {name for name, how in linkage.items() if how == "static"} == {"AWS CRT", "librdkafka", "gRPC", "Abseil", "RE2",
                                                                              "c-ares"}
    known = (*SYSTEM, *(name for names in SHARED.values() for name in names))
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf(prefix / "bin" / "sluice", "-d"))
    assert not [name for name in needed if not name.startswith(known)], needed
    told = sluice.ok("--version", "--verbose").out
    for part in bill["components"]:
        assert part["version"] and f"{part['name']} {part['version']} (" in told, (part, told)
    assert len(told.splitlines()) == 1 + len(bill["components"])
    assert len(sluice.ok("--version").out.splitlines()) == 1
    assert sluice.run("--verbose", "sql", "SELECT 1").code == 2, "it would be ignored"


def test_a_library_in_the_current_folder_is_not_loaded(sluice):
    """An empty file of that name there would end the program, were it tried."""
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf(SLUICE, "-d"))
    for name in needed:
        (sluice.cwd / name).write_bytes(b"not a library")
    assert sluice.ok("sql", "--format", "csv", "SELECT 1 AS one").out == "one\n1\n"
