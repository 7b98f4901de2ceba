"""The exit code is the work's: no screen and no letter changes it, and nothing that was sent steers a terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.terminal import CONTROL, SHOWING, clean
from infra.settings import PROJECT

EVIL = "\x1b]0;own\x07\x1b[2J\x9b31m\u202eđảo\u2066"
PROGRAM = "import sys; sys.argv[0] = 'tonghop'; import flows.cli; flows.cli.main()"
# A command that prints much and ends with a code of its own, as a stopped month does.
STOPPED = """
import typer, flows.cli as cli
@cli.app.command('probe')
def probe():
    for number in range(5000):
        cli.say(f'D\\u00f2ng {number}: ch\\u1eb7n ph\\u00e1t h\\u00e0nh')
    raise typer.Exit(3)
cli.main()
"""


def shell(
    redirect: str, program: str = STOPPED, arguments: str = "probe", **env: str
) -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -c "$PROGRAM" {arguments} {redirect}'
    environment = os.environ | {"PROGRAM": program} | env
    return subprocess.run(["bash", "-c", command], cwd=PROJECT, env=environment, capture_output=True, text=True,
                          errors="replace")


@pytest.mark.parametrize("redirect", [
    "", ">&-", ">/dev/full", "2>&-", ">&- 2>&- <&-", "2>/dev/full >/dev/full", "| head -1; exit ${PIPESTATUS[0]}",
])
def test_no_output_changes_the_exit_code(redirect: str) -> None:
    done = shell(redirect)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stdout + done.stderr and "Exception ignored" not in done.stderr


def test_a_sentence_on_a_full_screen_keeps_its_code() -> None:
    assert shell(">/dev/full 2>/dev/full", PROGRAM, "figures --period 2019-4").returncode == 4
    assert shell(">&- 2>&-", PROGRAM, "figures --format xyz").returncode == 2


@pytest.mark.parametrize("env", [
    {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "latin-1"},
])
def test_a_screen_without_the_letters_shows_them_without_marks(env: dict[str, str]) -> None:
    done = shell("", **env)
    assert done.returncode == 3 and done.stderr == ""
    assert re.search(r"D[o\ufffd]ng 1: chan ph[a\ufffd]t h[a\ufffd]nh", done.stdout)  # what is left is latin-1's


def test_done_and_failed_differ_on_every_screen() -> None:
    program = "import flows.terminal as t\nwith t.unfailing_output(): t.say('\u2713\\n\u2717 \u00b7')"
    assert shell("", program, "", PYTHONIOENCODING="ascii").stdout == "v\nx -\n"


SHOWN = """
import flows.cli as cli
for command in cli.app.registered_commands:
    command.name = command.name or command.callback.__name__
    if command.name in ('figures', 'sample'):
        command.callback = lambda: [cli.print_json({'number': n}) for n in range(5000)] and None
cli.main()
"""


@pytest.mark.parametrize(("arguments", "redirect", "code"), [
    ("figures", ">/dev/full", 5), ("figures", ">/dev/full 2>/dev/full", 5), ("figures", "", 0), ("figures", ">&-", 0),
    ("figures", "| head -1; exit ${PIPESTATUS[0]}", 0), ("sample", ">/dev/full", 0),
])
def test_what_only_shows_fails_when_its_text_is_lost(arguments: str, redirect: str, code: int) -> None:
    done = shell(redirect, SHOWN, arguments)
    assert done.returncode == code, done.stderr
    assert ("Không ghi hết" in done.stderr) == (code == 5 and "2>" not in redirect)


def test_commands_that_only_show_exist() -> None:
    from flows.cli import app

    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert names >= SHOWING


COMMAND = "deliveries --period 2019-04"
FAULTY = """
import flows.cli as cli, infra.ledger
def fault(*_): raise ValueError('a fault of ours')
infra.ledger.open_ledger = fault
cli.main()
"""


@pytest.mark.parametrize("place", ["--home {home} {command}", "{command} --home {home}"])
def test_a_fault_is_logged_in_the_home_that_the_command_was_given(tmp_path: Path, place: str) -> None:
    arguments = place.format(home=tmp_path / "given", command=COMMAND)
    done = shell("", FAULTY, arguments, TONGHOP_HOME=str(tmp_path / "other"))
    assert done.returncode == 1 and str(tmp_path / "given" / "logs") in done.stderr, done.stderr
    kept = (tmp_path / "given" / "logs" / "tonghop.log").read_text(encoding="utf-8")
    assert "a fault of ours" in kept and "Traceback" in kept and not (tmp_path / "other").exists()


def test_a_closed_screen_gives_its_number_to_no_file(tmp_path: Path) -> None:
    """A file opened by a program whose standard output is closed would otherwise get descriptor 1, and all prints."""
    program = (f"from flows.terminal import unfailing_output, say\nwith unfailing_output():\n"
               f"    store = open({str(tmp_path / 'store')!r}, 'w'); say('x'); raise SystemExit(store.fileno() <= 2)\n")
    assert shell(">&- 2>&- <&-", program, "").returncode == 0
    assert (tmp_path / "store").read_text() == ""


PRINTERS = {
    "table": "import flows.screen as s; s.show_rows(['a'], [[EVIL]])",
    "csv": "import flows.terminal as t; t.print_csv(['a'], [[EVIL]])",
    "json": "import flows.terminal as t; t.print_json({'a': EVIL})",
    "sentence": "import flows.terminal as t; t.say(EVIL)",
    "error": "import flows.terminal as t, infra.errors as e; t.say_error(e.SubmissionError(EVIL, EVIL, EVIL, EVIL))",
}


@pytest.mark.parametrize("what", sorted(PRINTERS))
def test_nothing_that_was_sent_steers_the_terminal(what: str) -> None:
    program = f"EVIL = {EVIL!a}\n{PRINTERS[what]}"
    parent, child = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=child, stderr=child,
                               env=os.environ | {"TERM": "xterm"})
    os.close(child)
    printed = b""
    try:
        while chunk := os.read(parent, 65536):
            printed += chunk
    except OSError:  # the child has gone
        pass
    os.close(parent)
    assert process.wait() == 0, printed
    text = re.sub(r"\x1b\[[\d;]*m", "", printed.decode("utf-8"))  # our own colours
    assert not CONTROL.search(text.replace("\r\n", "\n")), text
    assert "đảo" in text


def test_json_keeps_what_it_escapes() -> None:
    program = f"import flows.terminal as t; t.print_json({{'a': {EVIL!r}}})"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)
    assert not CONTROL.search(done.stdout)
    assert json.loads(done.stdout)["a"] == EVIL


def test_csv_on_the_screen_is_as_safe_as_a_file() -> None:
    rows = [["=1+1", "+84", "-309", "-309+1", "@SUM(A1)", "a\nb", "\t=1", "\x1b[2J"]]
    program = f"import flows.terminal as t; t.print_csv(list('abcdefgh'), {rows!r})"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)
    cells = list(csv.reader(io.StringIO(done.stdout)))[1]
    assert cells == ["'=1+1", "'+84", "-309", "'-309+1", "'@SUM(A1)", "a\nb", "'\t=1", "[2J"]


def test_clean_text_keeps_lines_and_letters() -> None:
    assert clean("Đắk Đoa\n\tdòng hai") == "Đắk Đoa\n\tdòng hai"
    assert not CONTROL.search(clean("".join(map(chr, range(0x3000)))))


BAD_INPUT = [
    ("figures --period 2019-04 --format xyz", 2), ("figures", 2), ("nonsense", 2), ("observations --period 04/2019", 4),
    ("month ２０１９-04", 4), ("explain F1", 4), ("read /nowhere.xlsx", 4), ("read-report /etc", 4),
    ("check-report /nowhere --against 2019-04", 4), ("check-report /nowhere --against x", 4),
    ("settle nothing --by tong_hop_mau --reason b --arrived", 5),
    ("withdraw D1 --by tong_hop_mau --reason b --period 2019-04", 4),
    ("supply x 622 phone_subs_fixed 1 --by tong_hop_mau --reason b --period 2019-04", 4),
    ("supply vnpt 622 phone_subs_fixed một --by tong_hop_mau --reason b --period 2019-04", 4),
    ("sample 2019-04 /proc/nowhere", 5), ("receive /nowhere --period 2019-04", 4), ("trace x --period 2019-04", 5),
]


@pytest.mark.parametrize(("arguments", "code"), BAD_INPUT)
def test_bad_input_is_a_sentence_in_both_languages(tmp_path: Path, arguments: str, code: int) -> None:
    done = shell("", PROGRAM, arguments, TONGHOP_HOME=str(tmp_path / "home"))
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "✗" in done.stderr and "(" in done.stderr
