# SPDX-License-Identifier: Apache-2.0
"""`sluice shell` from a pipe and on a terminal, and what completes its words and those of the program."""
import os
import pty
import shutil
import subprocess
import time

import pytest
from rig import program


def typed(sluice, text: str, *words) -> subprocess.CompletedProcess:
    return subprocess.run([program.SLUICE, "shell", *words], input=text, capture_output=True, text=True, cwd=sluice.cwd,
                          env=program.clean_environment({}), timeout=60)


def test_statements_from_a_pipe(sluice):
    done = typed(sluice, ".format csv\nSELECT 1 AS a;\n-- a comment;\nSELECT\n  'x;y' AS b; SELECT 2 AS c;\nSELECT 3 AS d")
    assert (done.returncode, done.stdout) == (0, "a\n1\nb\nx;y\nc\n2\nd\n3\n"), done.stderr


def test_an_error_is_told_and_the_next_statement_runs(sluice):
    done = typed(sluice, ".format csv\nSELEC 1;\n.nope\nSELECT 1 AS a;\n")
    assert done.stdout == "a\n1\n" and "Did you mean SELECT?" in done.stderr and ".help" in done.stderr
    assert done.returncode != 0, "nobody watched"


def test_settings_and_views_last(sluice):
    done = typed(sluice, ".format csv\n.timer on\nSET spark.sql.ansi.enabled = false;\nCREATE TEMP VIEW v AS SELECT 1/0 AS x;\n"
                         "SELECT x IS NULL AS n FROM v;\n")
    assert "n\ntrue\n" in done.stdout and "1 row, " in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("command", ["shell", "sql"])
def test_history_is_private_and_has_no_secrets(sluice, command):
    ours, its = pty.openpty()
    env = program.clean_environment({"XDG_STATE_HOME": str(sluice.cwd / "state")})
    child = subprocess.Popen([program.SLUICE, command], stdin=its, stdout=its, stderr=its, cwd=sluice.cwd, env=env)
    os.close(its)
    for line in ("SELECT 40 +", "2 AS answer;", "SELECT 'my password is canary-81b';", ".quit"):
        time.sleep(0.5)
        os.write(ours, line.encode() + b"\n")
    assert child.wait(30) == 0
    printed = os.read(ours, 65536).decode()
    os.close(ours)
    assert "42" in printed
    file = sluice.cwd / "state" / "sluice" / "history"
    assert "answer" in file.read_text() and "canary-81b" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0 and file.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("environment, painted", [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)])
def test_the_prompt_is_painted_where_there_are_colours(sluice, environment, painted):
    ours, its = pty.openpty()
    env = program.clean_environment({"XDG_STATE_HOME": str(sluice.cwd / "state"), **environment})
    child = subprocess.Popen([program.SLUICE, "shell"], stdin=its, stdout=its, stderr=its, cwd=sluice.cwd, env=env)
    os.close(its)
    time.sleep(0.5)
    os.write(ours, b".quit\n")
    assert child.wait(30) == 0
    printed = os.read(ours, 65536).decode()
    os.close(ours)
    assert ("\x1b[1msluice>\x1b[0m " in printed) == painted and "\1" not in printed and "\2" not in printed, repr(printed)


@pytest.mark.parametrize("words, offered", [(["sluice", "checkpoint", "sh"], ["show"]), (["sluice", "sql", "--ma"], ["--max-rows"]),
                                            (["sluice", "sql", "--format", "v"], ["vertical"])])
def test_words_are_completed(sluice, words, offered):
    script = sluice.ok("completion", "bash").out
    quoted = " ".join(f"'{word}'" for word in words)
    done = subprocess.run(["bash", "-c", f"{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _sluice; "
                                         'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True)
    assert done.stdout.split() == offered, done.stderr


def test_zsh_takes_the_script(sluice):
    if shutil.which("zsh") is None:
        pytest.skip("no zsh: tools/deps.sh test")
    (sluice.cwd / "script").write_text(sluice.ok("completion", "zsh").out)
    done = subprocess.run(["zsh", "-f", "-c", "source ./script && whence -w _sluice"], cwd=sluice.cwd, capture_output=True,
                          text=True, env={**os.environ, "HOME": str(sluice.cwd)})
    assert "_sluice: function" in done.stdout and not done.stderr, done.stderr


def test_the_manual_has_every_command(sluice):
    page = sluice.ok("man").out
    for command in ("run", "sql", "shell", "checkpoint show", "topic tail"):
        assert f".SS sluice {command}" in page
