"""`import`: the files of another tool in, a config of ours out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.command import run
from tests.system.terminal import on_a_terminal

KEY = "k3yk3yk3yk3yk3yk3yk3yk3y"
CHECK_RBL = """\
[rbl]
server=cbl.abuseat.org
server=bl.example.net
server=ix.dnsbl.manitu.net
server=psbl.surriel.com
; this keeps all zones of sorbs
server=dnsbl.sorbs.net
server=pbl.spamhaus.org
server=zen.spamhaus.org

; these are rather slow
;server=bl.csma.biz
"""
RBLS = f"""\
; the same lists, for the other tool
[rbl]
server=ZEN.spamhaus.org
; server=b.barracudacentral.org
server=bl.spamcop.net ; fine
server={KEY}.zen.dq.spamhaus.net
"""
TARGETS = """\
; examples, change them
[targets]
server=9.9.9.9
server=2620:fe::fe
server=10.0.0.1
server=9.9.9.9
"""
CONFIG = """\
# Made by `dnsbl-exporter import` from check_rbl.ini, rbls.ini, targets.ini. Read the comments, then run
# `dnsbl-exporter config check`.
# Left out, or to be done by hand:
# - lines that are commented out in check_rbl.ini: 1
# - lines that are commented out in rbls.ini: 1
# - the other tool's flags, which stand in no file: its resolver goes to `resolvers`, check_rbl's host (-H) to
#   `targets`

lists:
  # Dropped: check_rbl.ini:2: cbl.abuseat.org is defunct"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A folder with files as both tools have them."""
    (tmp_path / "check_rbl.ini").write_text(CHECK_RBL)
    (tmp_path / "rbls.ini").write_bytes(b"\xef\xbb\xbf" + RBLS.replace("\n", "\r\n").encode())
    (tmp_path / "targets.ini").write_text(TARGETS)
    return tmp_path


def test_the_files_of_both_tools_become_one_config(folder: Path) -> None:
    """On standard output the config, on standard error the summary."""
    ended = run("import", "check_rbl.ini", "rbls.ini", "targets.ini", folder=folder)
    assert (ended.returncode, ended.stderr) == (0, f"{ended.stdout.splitlines()[-1].removeprefix('# ')}\n")
    assert ended.stdout.startswith(CONFIG)
    assert [line for line in ended.stdout.splitlines() if line and "#" not in line] == [
        "lists:",
        "  - zone: bl.example.net",
        "    kinds: [ipv4]",
        "  - psbl.surriel.com",
        "  - zen.spamhaus.org",
        "  - bl.spamcop.net",
        "targets:",
        "  - 9.9.9.9",
        '  - "2620:fe::fe"',
    ]
    assert ended.stderr == "4 lists kept, 1 waiting for a key, 5 dropped; 2 targets, 1 refused, 1 given again.\n"
    assert KEY not in ended.stdout.lower()


def test_the_config_passes_our_own_check(folder: Path) -> None:
    """As the shell writes it."""
    (folder / "config.yml").write_text(run("import", "check_rbl.ini", "rbls.ini", "targets.ini", folder=folder).stdout)
    ended = run("config", "check", "config.yml", folder=folder)
    assert (ended.returncode, ended.stdout) == (0, "config.yml: fine: 2 targets, 4 lists, 5 checks\n")


def test_a_list_waits_until_its_key_is_in_a_file(folder: Path) -> None:
    """What stands in the comment, without the marks, is what the config wants."""
    lines = run("import", "rbls.ini", "targets.ini", folder=folder).stdout.splitlines()
    (folder / "dqs.key").write_text(KEY)
    start = lines.index("  # - zone: zen.dq.spamhaus.net")
    entry = [line.replace("# ", "", 1) for line in lines[start : start + 2]]
    entry[1] = f"{entry[1].partition(':')[0]}: {folder / 'dqs.key'}"
    lines[start : start + 2] = entry
    lines.remove("  - zen.spamhaus.org")  # the comment says so
    (folder / "config.yml").write_text("\n".join(lines))
    ended = run("config", "check", "config.yml", folder=folder)
    assert (ended.returncode, ended.stdout) == (0, "config.yml: fine: 2 targets, 2 lists, 3 checks\n")


def test_files_without_a_target_say_what_is_missing(folder: Path) -> None:
    """A file of check_rbl mostly has none, since that is told its host by a flag."""
    ended = run("import", "check_rbl.ini", folder=folder)
    assert ended.returncode == 0
    assert ended.stderr.splitlines() == [
        "3 lists kept, 4 dropped; 0 targets.",
        "There is no target yet: add yours under `targets` before you use the config.",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "odd.ini:1: cannot be read: No such file or directory; give the path of a file"),
        (b"", "odd.ini:1: is no file of check_rbl or dnsbl_exporter"),
        (b"[mysqld]\nserver=localhost\n", "odd.ini:1: is no file of check_rbl or dnsbl_exporter"),
        (b"lists:\n  - zen.spamhaus.org\n", "odd.ini:2: is no [section], no key=value and no comment"),
        (b"[rbl]\nserver=\x1b[31mred\n", "odd.ini:2: holds the control character U+001B"),
        (b"\x7fELF\x00\x00", "odd.ini:1: holds the control character U+007F"),
        (b"[rbl]\n; gr\xfcn\nserver=zen.spamhaus.org\n", "odd.ini:2: is not UTF-8 text"),
        (b"[rbl]\n" + b";" * 9_000_000, "odd.ini:1: is larger than 8 MiB"),
        (b"[rbl]\n" + b"server=a.example\n" * 3000, "odd.ini:2002: names more than 2000 lists"),
    ],
)
def test_a_file_that_cannot_be_imported_is_exit_2(folder: Path, content: bytes | None, said: str) -> None:
    """Nothing is printed but which file, which line, and what to do."""
    if content is not None:
        (folder / "odd.ini").write_bytes(content)
    ended = run("import", "rbls.ini", "odd.ini", folder=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(said)
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (".", ".:1: cannot be read: Is a directory; give the path of a file"),
        ("/dev/zero", "/dev/zero:1: is larger than 8 MiB: give a smaller file, or its parts one by one"),
        ("/dev/null", "/dev/null:1: is no file of check_rbl or dnsbl_exporter"),
        ("a\nb\x1b[31m", r"a\nb\x1b[31m:1: cannot be read: No such file or directory"),
        ("x" * 300, f"{'x' * 300}:1: cannot be read: File name too long"),
    ],
)
def test_a_path_that_leads_to_no_file_is_exit_2(folder: Path, path: str, said: str) -> None:
    """Whatever it is, and however it is called."""
    ended = run("import", path, folder=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr.replace("\n", "")
    assert "Traceback" not in ended.stderr


def test_without_a_file_it_says_how_it_is_used(folder: Path) -> None:
    """There is nothing to guess."""
    ended = run("import", folder=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Missing argument 'FILE...'" in ended.stderr


def test_a_file_may_come_through_a_pipe(folder: Path) -> None:
    """As `<(…)` of a shell gives it."""
    read, write = os.pipe()
    os.write(write, b"[targets]\nserver=9.9.9.9\n")
    os.close(write)
    command = [sys.executable, "-m", "exporter", "import", f"/dev/fd/{read}"]
    ended = subprocess.run(command, cwd=folder, pass_fds=[read], capture_output=True, text=True, check=False, timeout=60)
    os.close(read)
    assert (ended.returncode, "  - 9.9.9.9\n" in ended.stdout) == (0, True)


def test_a_name_of_no_locale_is_no_trouble(folder: Path) -> None:
    """The config is UTF-8, and names of files that are not are escaped."""
    (folder / os.fsdecode(b"gr\xfcn.ini")).write_text("[targets]\nserver=9.9.9.9\n")
    ended = run("import", os.fsdecode(b"gr\xfcn.ini"), folder=folder, LC_ALL="C", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0
    assert "from gr\\udcfcn.ini." in ended.stdout


def test_colours_are_for_terminals(folder: Path) -> None:
    """And never in the config itself."""
    seen = on_a_terminal("import", "rbls.ini", "targets.ini", folder=folder)
    assert seen.returncode == 0
    config, escape, _ = seen.raw.partition("\x1b[")
    assert escape
    assert config.rstrip().endswith("1 given again.")
    assert "\x1b" not in run("import", "rbls.ini", "targets.ini", folder=folder).stderr
