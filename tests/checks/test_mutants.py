# SPDX-License-Identifier: Apache-2.0
"""The list of changes that tests must notice: it is large enough, reaches every layer, and each change has one place."""
import pathlib
import re

import mutants
import pytest

LAYERS = set(re.search(r"set\(SLUICE_LAYERS ([^)]*)\)", (mutants.ROOT / "CMakeLists.txt").read_text()).group(1).split())


def mutant(**fields) -> mutants.Mutant:
    return mutants.Mutant(**{"number": 7, "id": "x-y", "file": "f.cc", "text": "a < b", "to": "a <= b", "test": "t"} | fields)


def test_the_list_reaches_every_layer():
    listed = mutants.load()
    assert len(listed) >= 100
    assert {pathlib.Path(m.file).parts[1] for m in listed} == LAYERS
    assert mutants.check(listed) == []


def test_a_change_stands_behind_the_switch():
    assert mutant().guarded == "(::sluice::IsMutant(7) ? (a <= b) : (a < b))"
    assert mutant(kind="statement", text="F();", to="").guarded == "{ if (::sluice::IsMutant(7)) {  } else { F(); } }"


def test_a_text_has_one_place():
    assert mutant().place("if (a < b) x;") == (4, 9)
    assert mutant(within="while (a < b)").place("if (a < b) x; while (a < b) y;") == (21, 26)
    for source in ("", "a < b; a < b"):
        with pytest.raises(ValueError):
            mutant().place(source)


def test_what_lost_its_place_or_its_name_is_told():
    wrong = mutants.check([mutant(file="README.md"), mutant(file="README.md"), mutant(id="z", file="none.cc")])
    assert any("two mutants have this id" in line for line in wrong)
    assert sum("found 0 times" in line for line in wrong) == 2
    assert any("none.cc" in line for line in wrong)
