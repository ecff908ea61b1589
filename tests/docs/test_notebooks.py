"""Notebooks as readers meet them: numbered, short, run from top to bottom, with their outputs."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CODE_LINES, BYTES, DEF_LINES = 100, 200_000, 5


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_there_is_a_notebook_to_start_with() -> None:
    assert NOTEBOOKS
    assert NOTEBOOKS[0].name == "00-start-here.ipynb"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_its_name_is_two_digits_and_an_idea(self, path: Path) -> None:
        assert re.fullmatch(r"\d\d(-[a-z0-9]+)+", path.stem)

    def test_it_opens_with_the_question_and_ends_with_what_it_does_not_show(self, path: Path) -> None:
        prose = [source(cell) for cell in cells(path, "markdown")]
        assert prose[0].startswith("# ")
        for words in ("**Question.**", "**Short answer.**", "**You need.**"):
            assert words in prose[0]
        assert "## What to take away" in prose[-1]
        assert "## What this does not show" in prose[-1]

    def test_it_is_small_and_holds_no_program(self, path: Path) -> None:
        code = [source(cell) for cell in cells(path, "code")]
        assert sum(len(text.splitlines()) for text in code) <= CODE_LINES
        assert path.stat().st_size <= BYTES
        for node in ast.walk(ast.parse("\n".join(code))):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < DEF_LINES

    def test_it_was_run_once_from_top_to_bottom(self, path: Path) -> None:
        counts = [cell["execution_count"] for cell in cells(path, "code")]
        assert counts == list(range(1, len(counts) + 1))

    def test_no_cell_ends_with_a_semicolon_or_shows_an_error(self, path: Path) -> None:
        for cell in cells(path, "code"):
            assert not source(cell).rstrip().endswith(";")
            assert all(
                output["output_type"] in ("execute_result", "display_data", "stream") for output in cell["outputs"]
            )
            assert all(output.get("name") != "stderr" for output in cell["outputs"])

    def test_every_image_is_described(self, path: Path) -> None:
        for cell in cells(path, "code"):
            for output in cell["outputs"]:
                if "image/png" in output.get("data", {}):
                    assert len(output["metadata"]["image/png"]["alt"]) > 40
