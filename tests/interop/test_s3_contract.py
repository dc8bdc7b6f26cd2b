# SPDX-License-Identifier: Apache-2.0
"""The file system's contract and S3's own tests, which are C++ and need a server: on MinIO."""
import os
import subprocess

import pytest
from rig.program import ROOT


def test_the_contract_holds_on_s3(minio, tmp_path):
    tests = ROOT / "build" / "debug" / "env_test"
    if not tests.exists():
        pytest.skip("build/debug/env_test is not built")
    settings = tmp_path / "s3.env"
    settings.write_text("".join(f"{k}={v}\n" for k, v in {**minio.env(), "S3_BUCKET": minio.bucket}.items()))
    done = subprocess.run([tests, "--gtest_filter=S3ServerTest.*:All/*/2", "--gtest_brief=1"],
                          env={**os.environ, "SLUICE_TEST_S3_ENV": str(settings),
                               "ASAN_OPTIONS": "detect_container_overflow=0"}, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    assert "SKIPPED" not in done.stdout
