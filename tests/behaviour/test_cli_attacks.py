"""simlib attacks: tables, conclusions, one attack step by step, a folder; mistakes in one line."""

import json
from pathlib import Path

from support.command_line import interrupted, simlib, write_tiny

FEW = ("--no-victims", "--attack", "replayed_bearer", "--attack", "unsigned_token")


def test_the_matrix_is_shown_with_checks_times_and_conclusions(tmp_path: Path) -> None:
    done = simlib("attacks", write_tiny(tmp_path), "--no-vulnerable", "--attack", "wrong_issuer", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 100
    line = next(line for line in done.stdout.splitlines() if line.startswith("wrong_issuer  "))
    assert line.split() == ["wrong_issuer", "inactive", "inactive", "issuer"]
    assert "\nWhat these cells show\n- format: Of " in done.stdout
    assert done.stderr.startswith("attacking: 0 of ")


def test_one_attack_is_told_step_by_step(tmp_path: Path) -> None:
    done = simlib("attacks", write_tiny(tmp_path), *FEW, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    story = done.stdout.split("jwt x unsigned_token: refused (service: algorithm)")[1].split("\n\n")[0]
    assert "attacker -> jwks" in story
    assert '"alg": "none"' in " ".join(story.split())
    assert 'answered: 401 Bearer error="invalid_token"' in story
    assert "tried: alg none: service: algorithm" in story


def test_json_is_one_document_with_cells_findings_and_messages(tmp_path: Path) -> None:
    document = json.loads(simlib("attacks", write_tiny(tmp_path), *FEW, "--json", cwd=tmp_path).stdout)
    cells = {(cell["design"], cell["attack"]): cell for cell in document["cells"]}
    assert cells["jwt", "unsigned_token"]["check"] == "service: algorithm"
    assert cells["opaque", "unsigned_token"]["outcome"] == "inapplicable"
    assert cells["opaque", "replayed_bearer"]["requests"] > 1
    assert len(document["encounters"]) == len(document["cells"])
    assert {finding["about"] for finding in document["findings"]} == {"format", "binding"}
    assert document["attacks"]["unsigned_token"]["source"].startswith("RFC 8725")


def test_a_folder_appears_with_cells_and_figures(tmp_path: Path) -> None:
    done = simlib("attacks", write_tiny(tmp_path), *FEW, "--out", "found", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "found").iterdir()}
    assert names == {"attacks.csv", "attacks.json", "tokens.svg", "tokens.png"}
    assert simlib("attacks", "tiny.toml", *FEW, "--out", "found", cwd=tmp_path).returncode == 2


def test_a_wrong_name_is_told_in_one_line(tmp_path: Path) -> None:
    done = simlib("attacks", write_tiny(tmp_path), "--attack", "replayed_barer", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "unknown attack 'replayed_barer' (did you mean 'replayed_bearer'?); allowed: altered_payload" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_ctrl_c_ends_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    ended = interrupted("attacks", "tiny.toml", "--all", "--out", "found", cwd=tmp_path, everybody=False)
    assert ended.returncode == 130
    assert ended.first.startswith("attacking: 0 of ")
    assert ended.stderr == "simlib: interrupted: nothing was written to found\n"
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]
