"""Outputs that take no more, or not every letter, and widths that are none: a finished run is kept."""

import json
import os
from pathlib import Path

import pytest

from support.command_line import simlib, simlib_forked, started, write_tiny

RUN = ("compare", "tiny.toml", "--replications", "1", "--workers", "1", "--profiles", "none")
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")


def run_into(stdout: int, *arguments: str, cwd: Path) -> tuple[int, str]:
    """Exit status and errors of a command whose standard output is this file."""
    with started(*arguments, cwd=cwd, stdout=stdout) as running:
        _, errors = running.communicate()
        return running.wait(), errors


def report(folder: Path) -> bool:
    return (folder / "out" / "run.json").exists()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "cp437", "utf-16", "utf-8"])
def test_every_encoding_takes_the_answer_and_the_run_is_kept(encoding: str, tmp_path: Path) -> None:
    write_tiny(tmp_path, ('title = "Tiny"', 'title = "Tiny ≥ Δ 漢"'))
    done = simlib_forked(*RUN, "--out", "out", cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert report(tmp_path)
    text = done.stdout
    assert text.startswith("Tiny ≥ Δ 漢: " if encoding.startswith("utf") else "Tiny ")
    assert "mean ± half width" in text or "mean +- half width" in text


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_json_is_the_same_document_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    write_tiny(tmp_path, ('title = "Tiny"', 'title = "Tiny ≥ Δ 😀"'))
    done = simlib_forked(*RUN, "--json", cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["title"] == "Tiny ≥ Δ 😀"


@needs_full
@pytest.mark.parametrize("json_option", [[], ["--json"]])
def test_a_full_disk_behind_the_output_loses_no_report(json_option: list[str], tmp_path: Path) -> None:
    write_tiny(tmp_path)
    with FULL.open("w") as full:
        status, errors = run_into(full.fileno(), *RUN, "--out", "out", *json_option, cwd=tmp_path)
    last = errors.splitlines()[-1]
    assert status == 2
    assert last.startswith("simlib: error: output cannot be written (No space left on device); ")
    assert last.endswith("out was already written")
    assert report(tmp_path)


@needs_full
@pytest.mark.parametrize("json_option", [[], ["--json"]])
def test_a_run_whose_only_output_is_full_is_not_begun(json_option: list[str], tmp_path: Path) -> None:
    write_tiny(tmp_path)
    with FULL.open("w") as full:
        status, errors = run_into(full.fileno(), *RUN, *json_option, cwd=tmp_path)
    assert status == 2
    assert errors == "simlib: error: output cannot be written (No space left on device)\n"


def test_a_reader_who_goes_away_loses_no_report(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    status, errors = run_into(writing, *RUN, "--out", "out", cwd=tmp_path)
    os.close(writing)
    assert status == 141
    assert errors.splitlines()[-1].endswith("out was already written")
    assert "Traceback" not in errors
    assert report(tmp_path)


@needs_full
def test_progress_that_cannot_be_written_ends_no_run(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    with FULL.open("w") as full, started(*RUN, "--out", "out", cwd=tmp_path, stderr=full.fileno()) as running:
        running.communicate()
        assert running.wait() == 0
    assert report(tmp_path)


@pytest.mark.parametrize("columns", ["0", "abc", "-5", "²", "", "1e3", "9" * 5000, "1", "39"])
def test_a_width_that_is_none_is_replaced_by_a_usual_one(columns: str, tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("scenarios", cwd=tmp_path, COLUMNS=columns, LINES=columns)
    assert done.returncode == 0, done.stderr
    text = [line for line in done.stdout.splitlines() if not line.endswith(".toml")]
    widest = max(map(len, text))
    assert 30 <= widest <= (40 if columns in ("1", "39") else 1000)


def test_columns_sets_the_width(tmp_path: Path) -> None:
    for columns in (50, 70):
        lines = simlib("presets", cwd=tmp_path, COLUMNS=str(columns)).stdout.splitlines()
        assert columns - 15 < max(map(len, lines)) <= columns


@pytest.mark.parametrize("name", ["a\x1b[31mb.toml", "a\u202eb.toml", "a\x07b.json", "a\udcffb.toml", "a\nb.toml"])
def test_a_name_on_the_command_line_reaches_no_terminal_as_it_is(name: str, tmp_path: Path) -> None:
    for arguments in (("compare", name), ("compare", f"--{name}"), ("effort", "--effort", name), (name,)):
        done = simlib(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.isprintable()


def test_a_title_with_control_characters_is_refused_before_anything_runs(tmp_path: Path) -> None:
    write_tiny(tmp_path, ('title = "Tiny"', r'title = "T\u001B]0;owned\u0007"'))
    done = simlib(*RUN, "--out", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "simlib: error: tiny.toml: title: holds the control character U+001B; "
        "allowed: one line of letters, digits, signs and blanks\n"
    )


def test_files_without_an_end_are_refused(tmp_path: Path) -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no endless file")
    write_tiny(tmp_path)
    (tmp_path / "endless.csv").symlink_to("/dev/zero")
    (tmp_path / "endless.json").symlink_to("/dev/zero")
    for arguments, name in (
        (("compare", "/dev/zero"), "/dev/zero"),
        (("compare", "endless.json"), "endless.json"),
        (("compare", "tiny.toml", "--load", "/dev/zero"), "/dev/zero"),
        (("compare", "tiny.toml", "--profile", "endless.csv"), "endless.csv"),
        (("compare", "tiny.toml", "--profiles", "endless.csv"), "endless.csv"),
        (("decide", "tiny.toml", "--effort", "endless.csv"), "endless.csv"),
        (("effort", "--effort", "/dev/zero"), "/dev/zero"),
    ):
        done = simlib(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        (line,) = done.stderr.splitlines()
        assert line.startswith("simlib: error: ")
        assert name in line
        assert "does not fit into this machine" not in line


@pytest.mark.parametrize("command", ["compare", "process", "effort"])
def test_settings_without_effect_are_warned_about_on_standard_error_and_in_the_notes(
    command: str, tmp_path: Path
) -> None:
    write_tiny(tmp_path, ("ttl_s = 2", "ttl_s = 20"))
    options = ("--replications", "1", "--workers", "1") if command == "compare" else ()
    done = simlib(command, "tiny.toml", *options, cwd=tmp_path)
    warning = (
        "designs.cached.service.ttl_s = 20 is longer than token_lifetime_s = 5: what is kept ends with its token, so 5 "
        "would do the same"
    )
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == f"simlib: warning: tiny.toml: {warning}"
    assert command != "compare" or f"{warning}." in " ".join(done.stdout.split())
