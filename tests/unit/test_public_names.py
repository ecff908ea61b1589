"""What `import simlib` offers, and what it does not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import simlib

HEAVY = {"scipy", "pandas", "matplotlib", "typer", "rich", "joblib", "jinja2", "IPython"}


@pytest.mark.parametrize("name", simlib.__all__)
def test_every_public_name_is_there_and_has_a_docstring(name: str) -> None:
    value = getattr(simlib, name)
    assert not callable(value) or value.__doc__


def test_the_names_are_told_once_and_sorted_as_dir_shows_them() -> None:
    assert sorted(set(simlib.__all__)) == dir(simlib)
    assert set(simlib._WHERE) == set(simlib.__all__)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(simlib.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = [alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(seen) == sorted(simlib.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="simulat"):
        _ = simlib.simulat


def loaded_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_simlib_loads_nothing_heavy() -> None:
    assert loaded_by("import simlib") & HEAVY == set()


def test_simulating_loads_no_statistics_figures_or_command_line() -> None:
    code = "import simlib; simlib.load_scenario; simlib.simulate; simlib.summarise"
    assert loaded_by(code) & HEAVY == set()


def test_the_command_line_tells_help_without_the_heavy_libraries() -> None:
    code = "import simlib.commands.application"
    assert loaded_by(code) & HEAVY == {"typer"}
