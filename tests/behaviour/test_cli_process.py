"""simlib process: tables, traces and one JSON document; mistakes in one line."""

import json
from pathlib import Path

import pytest

from support.command_line import simlib, simlib_forked, write_tiny


def test_designs_stand_side_by_side_phase_by_phase(tmp_path: Path) -> None:
    done = simlib_forked("process", write_tiny(tmp_path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for phase in (
        "sign in:",
        "first request:",
        "next request:",
        "refresh:",
        "revocation:",
        "request after revocation:",
    ):
        assert any(line.startswith(phase) for line in done.stdout.splitlines())
    following = done.stdout.split("next request:")[1]
    row = next(line for line in following.splitlines() if "to the authorization server" in line)
    assert row.split()[-3:] == ["1", "0", "0"]  # opaque, cached, jwt


def test_a_trace_is_numbered_lines_of_who_tells_whom_what(tmp_path: Path) -> None:
    done = simlib("process", write_tiny(tmp_path), "--design", "jwt", "--trace", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    following = done.stdout.split("next request\n")[1].split("request for user information")[0]
    lines = [line.strip() for line in following.splitlines() if line.strip()]
    assert lines[0].startswith("1. client -> service: api (")
    assert lines[1] == "2.   service: jwt.verify.EdDSA"
    assert lines[-1].startswith("5. service -> client: 200 (")


def test_json_is_one_document_with_definitions_and_the_trace_on_demand(tmp_path: Path) -> None:
    tiny = write_tiny(tmp_path)
    plain = json.loads(simlib("process", tiny, "--json", cwd=tmp_path).stdout)
    assert [life["design"] for life in plain["lives"]] == ["opaque", "cached", "jwt"]
    assert {life["flow"] for life in plain["lives"]} == {"authorization_code"}
    first = plain["lives"][0]["phases"][0]
    assert first["phase"] == "sign in"
    assert first["messages"] == 4
    assert set(plain["counts"]) <= set(first)
    assert "trace" not in first
    flow = ("--flow", "client_credentials", "--design", "jwt", "--trace")
    machine = json.loads(simlib("process", tiny, "--json", *flow, cwd=tmp_path).stdout)["lives"]
    assert [(life["client"], life["flow"]) for life in machine] == [("machine", "client_credentials")]
    assert machine[0]["phases"][0]["trace"][0]["party"] == "client"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--design", "nobody"), "no design 'nobody'; it has opaque, cached, jwt"),
        (("--flow", "implicit"), "--flow: unknown flow 'implicit'; allowed: authorization_code"),
    ],
)
def test_a_wrong_name_is_told_in_one_line(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = simlib("process", write_tiny(tmp_path), *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
