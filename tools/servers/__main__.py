# SPDX-License-Identifier: Apache-2.0
"""Real servers for trying things by hand, and S3 for the unit tests.

  python3 tools/servers up kafka|s3|s3-tls ...   start in the background, print how to reach them
  python3 tools/servers down                     stop all that `up` started
  python3 tools/servers with-s3 COMMAND ...      run a command while an S3 server is up; SLUICE_TEST_S3_ENV names the file
                                                 of its settings (without MinIO it is not set, unless CI=true)
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from servers import kafka, minio, process  # noqa: E402  (the path comes first)

STATE = ROOT / "build" / "servers"


def up(kind: str) -> None:
    folder = STATE / kind
    if folder.exists():
        sys.exit(f"{kind} is up already (or was killed): python3 tools/servers down")
    folder.mkdir(parents=True)
    if kind == "kafka":
        server = kafka.Kafka(detached=True, folder=folder)
        settings = {"HWE_BOOTSTRAP": server.sasl_bootstrap, "HWE_USERNAME": server.user, "HWE_PASSWORD": server.password,
                    "KAFKA_PLAINTEXT": server.bootstrap, "KAFKA_CA_FILE": str(server.ca_file)}
    else:
        server = minio.Minio(tls=kind == "s3-tls", detached=True, folder=folder)
        settings = {**server.env(), "S3_BUCKET": server.bucket}
    (folder / "state.json").write_text(json.dumps({"pid": server.child.pid}))
    (folder / "client.env").write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
    (folder / "client.env").chmod(0o600)
    print(f"{kind} is up, pid {server.child.pid}: settings in {(folder / 'client.env').relative_to(ROOT)}")


def ours(pid: int, folder: pathlib.Path) -> bool:
    try:
        return str(folder).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def down() -> None:
    for folder in sorted(STATE.glob("*")):
        state = folder / "state.json"
        pid = json.loads(state.read_text())["pid"] if state.exists() else 0
        if pid and ours(pid, folder):
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 20
            while ours(pid, folder) and time.monotonic() < deadline:
                time.sleep(0.1)
            if ours(pid, folder):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
        print(f"{folder.name} is down")


def with_s3(command: list[str]) -> int:
    try:
        server = minio.Minio()
    except process.ServerMissing as missing:
        if os.environ.get("CI") == "true":
            sys.exit(str(missing))
        return subprocess.run(command).returncode
    try:
        settings = server.folder / "client.env"
        settings.write_text("".join(f"{k}={v}\n" for k, v in {**server.env(), "S3_BUCKET": server.bucket}.items()))
        return subprocess.run(command, env={**os.environ, "SLUICE_TEST_S3_ENV": str(settings)}).returncode
    finally:
        server.close()


def main(words: list[str]) -> int:
    if len(words) > 1 and words[0] == "up" and set(words[1:]) <= {"kafka", "s3", "s3-tls"}:
        try:
            for kind in words[1:]:
                up(kind)
        except process.ServerMissing as missing:
            sys.exit(str(missing))
        return 0
    if len(words) > 1 and words[0] == "with-s3":
        return with_s3(words[1:])
    if words == ["down"]:
        down()
        return 0
    print(__doc__.strip())
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
