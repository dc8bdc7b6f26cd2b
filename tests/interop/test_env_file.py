# SPDX-License-Identifier: Apache-2.0
"""./.env is read without being named. Who can put one into a folder must not get keys sent elsewhere or programs run."""
import http.server
import threading

import pytest
from rig.metrics import free_port

QUERY = "SELECT count(*) AS n FROM parquet.`s3a://lake/table`"
REAL_KEYS = {"AWS_ACCESS_KEY_ID": "REALKEY", "AWS_SECRET_ACCESS_KEY": "canary-real-secret-1",
             "AWS_SESSION_TOKEN": "canary-real-token-1", "AWS_REGION": "us-east-1"}


class Listener(http.server.ThreadingHTTPServer):
    """Another's server: keeps what it is sent."""

    def __init__(self):
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.seen.append(dict(self.headers))
                self.send_error(403)

            do_HEAD = do_PUT = do_POST = do_GET

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def evil():
    server = Listener()
    yield server
    server.shutdown()
    server.server_close()


def dotenv(sluice, text: str, mode: int = 0o600) -> None:
    file = sluice.cwd / ".env"
    file.write_text(text)
    file.chmod(mode)


def ask(sluice, env: dict):
    """Nothing listens at the endpoint that the environment names."""
    here = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}", **env}
    return sluice.run("sql", "--conf", "spark.hadoop.fs.s3a.attempts.maximum=1", QUERY, env=here)


def test_keys_of_the_environment_do_not_go_to_an_endpoint_of_the_file(sluice, evil):
    dotenv(sluice, f"AWS_ENDPOINT_URL_S3={evil.url}\n")
    done = ask(sluice, REAL_KEYS)
    assert done.code != 0 and not evil.seen, evil.seen
    assert ".env: AWS_ENDPOINT_URL_S3 is ignored" in done.err, done.err
    # With keys of its own beside it the environment's still win, and stay at home.
    dotenv(sluice, f"AWS_ENDPOINT_URL_S3={evil.url}\nAWS_ACCESS_KEY_ID=FILEKEY\nAWS_SECRET_ACCESS_KEY=file-secret-1\n")
    ask(sluice, REAL_KEYS)
    assert not evil.seen, evil.seen
    # Its own keys go where it says; that is what a lab's file does.
    ask(sluice, {})
    assert evil.seen and all("FILEKEY/" in headers["Authorization"] for headers in evil.seen), evil.seen


def test_a_file_that_is_named_is_a_free_choice(sluice, evil):
    dotenv(sluice, f"AWS_ENDPOINT_URL_S3={evil.url}\n", 0o666)
    sluice.run("sql", "--conf", "spark.hadoop.fs.s3a.attempts.maximum=1", "--env-file", ".env", QUERY, env=REAL_KEYS)
    assert evil.seen


def test_no_program_of_a_profile_is_run(sluice, tmp_path):
    ran = tmp_path / "ran"
    (sluice.cwd / "config").write_text(f"[profile evil]\ncredential_process = touch {ran}\n")
    for text in ("AWS_PROFILE=evil\nAWS_CONFIG_FILE=config\n",
                 "AWS_PROFILE=evil\nAWS_CONFIG_FILE=config\nAWS_SHARED_CREDENTIALS_FILE=config\nAWS_ACCESS_KEY_ID=K\n"):
        dotenv(sluice, text)
        done = ask(sluice, {"HOME": str(tmp_path)})
        assert done.code != 0 and not ran.exists(), done.all
        assert "AWS_CONFIG_FILE" in done.err and "is ignored" in done.err, done.err


@pytest.mark.parametrize("mode, folder, word", [(0o666, 0o755, "others may write to it"), (0o600, 0o777, "others may write to its folder")])
def test_a_file_that_others_decide_is_not_read(sluice, mode, folder, word):
    dotenv(sluice, "NAME=1\n", mode)
    sluice.cwd.chmod(folder)
    done = sluice.ok("sql", "SELECT 1")
    assert f"{sluice.cwd}/.env is not read: {word}" in done.err, done.all
    assert "is not read" not in sluice.ok("sql", "--env-file", ".env", "SELECT 1").err


def test_others_who_may_read_secrets_are_named_once(sluice):
    dotenv(sluice, "AWS_ACCESS_KEY_ID=K\nAWS_SECRET_ACCESS_KEY=canary-of-the-file\n", 0o644)
    done = sluice.ok("sql", "SELECT 1")
    assert done.err.count("chmod 600") == 1 and "canary" not in done.all, done.err
    dotenv(sluice, "CLASS=fall\nAWS_SECRET_ACCESS_KEY=\n", 0o644)
    assert sluice.ok("sql", "SELECT 1").err == ""
    dotenv(sluice, "AWS_ACCESS_KEY_ID=K\nAWS_SECRET_ACCESS_KEY=canary-of-the-file\n", 0o600)
    assert sluice.ok("sql", "SELECT 1").err == ""
