"""Commands where packages of extras are not installed: parts are marked and skipped, or one line names the extra."""

import json
from pathlib import Path

import pytest

from support.command_line import simlib, write_tiny
from support.missing_packages import hide_packages

JWE = "needs the package joserfc, which is not installed: pip install 'simlib[jwe]'"
PASETO = "needs the package pyseto, which is not installed: pip install 'simlib[paseto]'"
VALIDATOR, ISSUER = 'part = "jwt_local"', 'part = "jwt_access_token", algorithm = "EdDSA"'


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, "joserfc", "pyseto", "pyarrow", "SALib", "psycopg", "redis", "aiohttp", "uvicorn")


def test_parts_are_listed_and_marked(tmp_path: Path) -> None:
    listed = json.loads(simlib("strategies", "--json", cwd=tmp_path).stdout)
    for place in ("service", "authorization_server"):
        missing = {part["part"]: part["missing"] for part in listed[place] if part["missing"]}
        assert missing["encrypted_jwt"] == f"encrypted_jwt {JWE}"
        assert missing["paseto"] == f"paseto {PASETO}"
        marked = [part for part in listed[place] if part["missing"]]
        assert all(part["bound"] is None and part["token_format"] in ("encrypted", "paseto") for part in marked)
    done = simlib("strategies", cwd=tmp_path)
    assert done.returncode == 0
    assert f"encrypted_jwt {JWE}" in done.stdout
    assert f"paseto {PASETO}" in done.stdout


def test_attacks_leave_out_what_cannot_run_and_say_so(tmp_path: Path) -> None:
    options = ("--attack", "decompression_bomb")
    done = simlib("attacks", "internal-tool", *options, "--all", "--json", "--out", "folder", cwd=tmp_path)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert {f"encrypted_jwt {JWE}", f"unlimited_jwe {JWE}", f"paseto {PASETO}"} <= set(document["skipped"])
    formats = {cell["token_format"] for cell in document["cells"]}
    assert {"opaque", "jwt"} <= formats
    assert not formats & {"encrypted", "paseto"}
    assert json.loads((tmp_path / "folder" / "attacks.json").read_text())["skipped"] == document["skipped"]


def test_attacks_print_what_they_skipped_and_only_what_would_have_run(tmp_path: Path) -> None:
    done = simlib("attacks", "internal-tool", "--attack", "decompression_bomb", cwd=tmp_path, COLUMNS="200")
    assert done.returncode == 0
    assert f"unlimited_jwe {JWE}" in done.stdout
    own = simlib("attacks", "internal-tool", "--attack", "replayed_bearer", "--no-vulnerable", cwd=tmp_path)
    assert own.returncode == 0
    assert "pip install" not in own.stdout


@pytest.mark.parametrize("command", ["compare", "decide", "sweep", "bad-days", "process", "attacks", "effort"])
@pytest.mark.parametrize(("part", "sentence"), [("encrypted_jwt", JWE), ("paseto", PASETO)])
def test_a_design_that_needs_a_package_is_refused_in_one_line(
    command: str, part: str, sentence: str, tmp_path: Path
) -> None:
    write_tiny(tmp_path, (VALIDATOR, f'part = "{part}"'), (ISSUER, f'part = "{part}"'))
    options = ("--vary", "load") if command == "sweep" else ()
    done = simlib(command, "tiny.toml", *options, cwd=tmp_path)
    line = f"simlib: error: tiny.toml: designs.jwt.service: {part} {sentence}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_effort_leaves_out_the_reference_design_and_says_so(tmp_path: Path) -> None:
    sentence = f"design jwe is left out: encrypted_jwt {JWE}"
    done = simlib("effort", "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["skipped"]) == (0, [sentence])
    assert sentence in simlib("effort", cwd=tmp_path, COLUMNS="200").stdout
    for option in ("--explain", "--present"):
        refused = simlib("effort", option, "jwe", cwd=tmp_path)
        assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", f"simlib: error: {sentence}\n")
    assert simlib("effort", "--explain", "encrypted_jwt", cwd=tmp_path).returncode == 0


def test_calibration_names_all_that_it_needs(tmp_path: Path) -> None:
    done = simlib("calibrate", "--out", "mine.csv", cwd=tmp_path)
    needed = "calibration needs the packages aiohttp, uvicorn, which are not installed: pip install 'simlib[calibrate]'"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"simlib: error: {needed}\n")
    assert list(tmp_path.iterdir()) == []
