# SPDX-License-Identifier: Apache-2.0
"""How results are counted: a test that ends its program is one failure and hides no other; a skip that nobody expects is a
failure under CI."""
import os
import pathlib
import subprocess
import sys

import count_tests
import pytest
import run_gtest

TOOLS = pathlib.Path(run_gtest.__file__).parent
PROGRAM = r'''
#include <gtest/gtest.h>
#include <cstdlib>
#include <unistd.h>
TEST(A, Passes) {}
TEST(A, Fails) { EXPECT_EQ(1, 2) << "why it failed"; }
TEST(A, Aborts) { std::abort(); }
TEST(B, AlsoPasses) {}
TEST(B, IsSkipped) { GTEST_SKIP() << "no such processor"; }
TEST(B, Exits) { std::_Exit(0); }
TEST(C, Hangs) { for (;;) ::sleep(1); }
struct P : testing::TestWithParam<int> {};
TEST_P(P, Passes) { EXPECT_LT(GetParam(), 2); }
INSTANTIATE_TEST_SUITE_P(All, P, testing::Values(1, 2));
TEST(Z, PassesLast) {}
'''


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gtest")
    (folder / "odd_test.cc").write_text(PROGRAM)
    subprocess.run(["g++", "-std=c++17", "odd_test.cc", "-o", "odd_test", "-lgtest", "-lgtest_main", "-lpthread"],
                   cwd=folder, check=True)
    return folder / "odd_test"


def run(program, results, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, TOOLS / "run_gtest.py", "--patience", "1", program, *arguments], text=True,
                          capture_output=True, env={**os.environ, "SLUICE_TEST_RESULTS": str(results)}, timeout=120)


def count(results, ci: str) -> list[str]:
    done = subprocess.run([sys.executable, TOOLS / "count_tests.py", results, "odd_test"], text=True,
                          capture_output=True, env={**os.environ, "CI": ci})
    return done.stdout.splitlines()


def test_a_test_that_ends_its_program_is_one_failure(program, tmp_path):
    done = run(program, tmp_path)
    assert done.returncode == 1
    lines = count(tmp_path, ci="")
    failed = sorted(line.split()[1] for line in lines if line.startswith("FAILED"))
    assert failed == ["A.Aborts", "A.Fails", "All/P.Passes/1", "B.Exits", "C.Hangs"]
    assert "skipped B.IsSkipped" in " ".join(lines) and "no such processor" in " ".join(lines)
    assert lines[-1] == "4 passed, 5 failed, 1 skipped"
    assert "why it failed" in done.stdout, "the text of a failure is shown"


def test_a_skip_that_nobody_expects_fails_under_ci(program, tmp_path):
    done = run(program, tmp_path, "--gtest_filter=A.Passes:B.IsSkipped")
    assert done.returncode == 0, done.stdout
    assert count(tmp_path, ci="")[-1] == "1 passed, 0 failed, 1 skipped"
    lines = count(tmp_path, ci="true")
    assert lines[-1] == "1 passed, 1 failed, 0 skipped" and "expected_skips.txt" in lines[0]


def test_a_program_without_results_is_a_failure(tmp_path):
    lines = count(tmp_path, ci="")
    assert lines[-1] == "0 passed, 1 failed, 0 skipped"


def test_expected_skips_are_of_their_tests_alone():
    expected = count_tests.expected_skips(count_tests.EXPECTED_SKIPS)
    known = ["tests.interop.test_take_over.test_x: needs Spark's AWS bundle (655 MB): make interop-s3",
             "tests.crash.test_replay_kills.test_y[s3-Spark]: Spark needs its AWS bundle there"]
    for what in known:
        assert any(pattern.fullmatch(what) for pattern in expected), what
    for what in ("env_test.A: SLUICE_TEST_S3_ENV is not set: no S3 server to test with", "x: there is no prlimit here",
                 "SplitKernel.Avx2AgreesWithPortable: this machine has no AVX2"):
        assert not any(pattern.fullmatch(what) for pattern in expected), what
