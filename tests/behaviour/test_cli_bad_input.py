"""Bad input: one clear line, exit status 2, no traceback, nothing written."""

import gzip
import os
import resource
import threading
from pathlib import Path

import pytest

from simlib.scenario.errors import InputError
from simlib.scenario.profile import load_profile
from simlib.scenario.reading import read_document
from support.command_line import simlib, simlib_alone, write_log, write_tiny


def refused(*arguments: str | Path, cwd: Path) -> str:
    """The one line that a command was refused with."""
    before = sorted(cwd.rglob("*"))
    done = simlib("compare", *arguments, cwd=cwd)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("simlib: error: ")
    assert sorted(cwd.rglob("*")) == before
    return line


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("arrival_rate = 20.0", "arival_rate = 20.0", ["tiny.toml", "world.load", "'arival_rate'", "arrival_rate"]),
        (
            "arrival_rate = 20.0",
            "arrival_rate = -1.0",
            ["tiny.toml", "world.load.arrival_rate", "greater than 0", "-1"],
        ),
        ("arrival_rate = 20.0", "arrival_rate = nan", ["world.load.arrival_rate"]),
        ("arrival_rate = 20.0", "arrival_rate = inf", ["world.load.arrival_rate"]),
        ("ttl_s = 2", "tll_s = 2", ["designs.cached.service.tll_s", "ttl_s", "capacity"]),
        ("ttl_s = 2", "ttl_s = -2", ["designs.cached.service", "ttl_s"]),
        ('"opaque_cached"', '"opaque_cache"', ["designs.cached.service.part", "opaque_cached", "jwt_local"]),
        ('"python-2026"', '"pyton-2026"', ["world.profile", "'pyton-2026'", "python-2026"]),
        ("length_s = 8", "length_s = 1e7", ["run.length_s", "run.memory_budget_mb = 4096"]),
        ("warm_up_s = 2", "warm_up_s = 12", ["warm_up_s must be below length_s"]),
        ('user_information = "token"', 'user_information = "introspection"', ["designs.jwt.user_information", "token"]),
        ("[world]", "[world", ["tiny.toml", "not well formed"]),
    ],
)
def test_scenario_files(old: str, new: str, words: list[str], tmp_path: Path) -> None:
    write_tiny(tmp_path, (old, new))
    line = refused("tiny.toml", "--out", "out", cwd=tmp_path)
    assert [word for word in words if word not in line] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--replications", "0"], ["--replications", "greater than or equal to 1"]),
        (["--replications", "many"], ["--replications"]),
        (["--seed", "-1"], ["--seed", "greater than or equal to 0"]),
        (["--workers", "0"], ["--workers"]),
        (["--workers", "1000000"], ["--workers", "less than or equal to 1024"]),
        (["--replications", "1000000000"], ["--replications", "less than or equal to 100000"]),
        (["--replications", "9" * 5000], ["--replications"]),
        (["--seed", "9" * 30], ["--seed", "less than or equal to"]),
        (["--speed-up", "2"], ["--speed-up", "--load"]),
        (["--copies", "2"], ["--copies", "--load"]),
        (["--time-column", "t"], ["--time-column", "--load"]),
        (["--load", "access.log", "--speed-up", "-3"], ["--speed-up", "greater than or equal to 0.000001"]),
        (["--load", "access.log", "--speed-up", "nan"], ["--speed-up"]),
        (["--load", "access.log", "--speed-up", "inf"], ["--speed-up"]),
        (["--load", "access.log", "--copies", "0"], ["--copies"]),
        (["--load", "access.log", "--speed-up", "1000"], ["run.warm_up_s", "speed-up"]),
        (["--load", "access.log", "--copies", "100000"], ["memory_budget_mb"]),
        (["--profile", "nothing.csv"], ["--profile", "nothing.csv", "python-2026"]),
        (["--frobnicate"], ["--frobnicate"]),
    ],
)
def test_options(options: list[str], words: list[str], tmp_path: Path) -> None:
    write_tiny(tmp_path)
    write_log(tmp_path)
    line = refused("tiny.toml", *options, cwd=tmp_path)
    assert [word for word in words if word not in line] == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.log", b""),
        ("binary.log", bytes(range(256)) * 40),
        ("prose.log", b"no line of this\nis a request\n" * 20),
        (
            "truncated.gz",
            gzip.compress(b'1.1.1.1 - - [23/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5\n' * 500)[:-20],
        ),
        ("nogzip.csv", b"a,b\n1,2\n"),
    ],
)
def test_logs(name: str, content: bytes, tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / name).write_bytes(content)
    assert name in refused("tiny.toml", "--load", name, "--out", "out", cwd=tmp_path)


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    assert "nowhere.log" in refused("tiny.toml", "--load", "nowhere.log", cwd=tmp_path)


@pytest.mark.parametrize("out", ["tiny.toml", "tiny.toml/out", "/proc/out", ".", "mine"])
def test_output_folders_are_refused_before_anything_runs(out: str, tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious", encoding="utf-8")
    assert f"--out {out}" in refused("tiny.toml", "--out", out, cwd=tmp_path)


def test_scenarios_that_are_not_there(tmp_path: Path) -> None:
    assert "did you mean 'web-shop'" in refused("web-shp", cwd=tmp_path)
    assert "nowhere/my.toml" in refused("nowhere/my.toml", cwd=tmp_path)
    (tmp_path / "other.json").write_text("[1]", encoding="utf-8")
    assert "not the run.json" in refused("other.json", cwd=tmp_path)


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path: Path) -> None:
    write_tiny(tmp_path)

    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, usual[1]))
    try:
        options = ("--replications", "1", "--workers", "1", "--profiles", "none", "--out", "out")
        done = simlib("compare", "tiny.toml", *options, cwd=tmp_path, figures=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("simlib: error: --out out: cannot be written")
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_unknown_commands(tmp_path: Path) -> None:
    done = simlib_alone("frobnicate", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "simlib: error: No such command 'frobnicate'.\n"


def test_a_folder_and_a_link_that_leads_nowhere_are_no_unknown_names(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    for name, reason in (("folder", "Is a directory"), ("loop", "symbolic links")):
        done = simlib("compare", name, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith(f"simlib: error: {name}: cannot be read as a scenario (")
        assert reason in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """One that is waited for would be read here: a thread opens it for writing, and closes it again."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=lambda: pipe.open("wb").close(), daemon=True).start()
    try:
        with pytest.raises(InputError, match=r"pipe: cannot be read as a scenario \(a named pipe"):
            read_document(pipe)
        with pytest.raises(InputError, match="a named pipe"):
            load_profile(pipe)
    finally:
        os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))  # the thread goes on


def test_a_pipe_of_the_shell_is_read() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"title = 'x'")
    os.close(writer)
    assert read_document(Path(f"/dev/fd/{reader}")) == {"title": "x"}
    os.close(reader)
