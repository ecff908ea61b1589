"""Progress in a terminal: the time left is that of what is still to be run, not of what a store had."""

import io
import sys

import pytest
from rich.console import Console

from simlib.commands import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_time_left_does_not_count_what_was_there_already(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, now = Terminal(), [100.0]
    console = Console(file=terminal, force_terminal=True, width=100, get_time=lambda: now[0])
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "open_console", lambda stderr: console)
    with progress.show_progress(100) as report:
        report(60, 100)
        for done in (61, 62, 63):
            now[0] += 2.0
            report(done, 100)
    shown = terminal.getvalue()
    assert "63/100" in shown
    assert "0:01:14" in shown, "37 runs at two seconds each"


def test_lines_follow_the_number_of_runs_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.show_progress(100) as report:
        for done in range(1, 21):
            report(done, 20)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["simulating: 0 of 100 runs", *(f"simulating: {done} of 20 runs" for done in range(2, 21, 2))]
