"""Public names: what `import simlib` and the public modules offer, what they load, and what documents may import."""

import ast
import doctest
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import GenericAlias, ModuleType

import pytest

import simlib
from simlib.analysis import METRICS
from simlib.scenario.records import FIELDS

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"scipy", "pandas", "matplotlib", "typer", "rich", "joblib", "jinja2", "IPython"}
MODULES = (
    *("analysis", "calibration", "effort", "faults", "figures"),
    *("gain", "plugins", "process", "security", "tables", "theory"),
)
"""Public modules; every other module may change without notice."""
NAMES = {"simlib": simlib, **{f"simlib.{module}": import_module(f"simlib.{module}") for module in MODULES}}
DOCUMENTS = (
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
    ROOT / "README.md",
    ROOT / "data" / "scenarios" / "README.md",
)

EVERY_MODULE = pytest.mark.parametrize("module", NAMES.values(), ids=NAMES)
EVERY_DOCUMENT = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def imported(module: ModuleType) -> list[str]:
    """The names that a module's import statements bind, those of a block for type checkers included."""
    assert module.__file__ is not None
    body = ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
    blocks = [node.body for node in body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    statements = [node for node in chain(body, *blocks) if isinstance(node, ast.ImportFrom)]
    own = [node for node in statements if str(node.module).startswith("simlib.")]
    return [alias.asname or alias.name for node in own for alias in node.names]


@EVERY_MODULE
def test_every_public_name_is_there_and_has_a_docstring(module: ModuleType) -> None:
    for name in module.__all__:
        value = getattr(module, name)
        assert not callable(value) or isinstance(value, GenericAlias) or value.__doc__, name


@EVERY_MODULE
def test_all_is_what_is_there(module: ModuleType) -> None:
    named = [name for name in module.__all__ if name != "__version__"]
    assert sorted(named) == sorted(set(imported(module)))


@EVERY_MODULE
def test_public_modules_say_what_they_are_for(module: ModuleType) -> None:
    assert module.__doc__
    assert len(module.__doc__.splitlines()) > 3
    assert all(f"`{name}`" in str(simlib.__doc__) for name in NAMES if name != "simlib")


@EVERY_MODULE
def test_docstrings_name_what_is_public(module: ModuleType) -> None:
    public = {*NAMES, *simlib.__all__, *(f"simlib.{name}" for name in simlib.__all__)}
    named = set(re.findall(r"(?<!`)`([\w.]+)`(?!`)", str(module.__doc__)))
    assert named <= {*module.__all__, *public}


def test_dir_shows_the_public_names() -> None:
    assert sorted(simlib.__all__) == dir(simlib)


def test_the_columns_of_all_tables_are_documented() -> None:
    words = set(re.findall(r"\w+", str(NAMES["simlib.analysis"].__doc__)))
    assert {*METRICS, *FIELDS} <= words


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="simulat"):
        _ = simlib.simulat


def code_of(path: Path) -> str:
    """All Python in a document: code cells of a notebook, fenced blocks of a page (as it is, or as a session)."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    parser = doctest.DocTestParser()
    return "\n".join("".join(e.source for e in parser.get_examples(block)) or block for block in blocks)


def private_uses(tree: ast.Module) -> Iterator[str]:
    """What a program takes from simlib beyond the public names: imports, and attributes of public modules."""
    modules = {"simlib": simlib}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("simlib.") and a.name not in NAMES)
        elif isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "simlib":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in NAMES:
                    modules[alias.asname or alias.name] = NAMES[whole]
                elif alias.name not in getattr(NAMES.get(str(node.module)), "__all__", ()):
                    yield whole
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module is not None and node.attr not in module.__all__:
                yield f"{node.value.id}.{node.attr}"


@EVERY_DOCUMENT
def test_documents_use_public_names_only(path: Path) -> None:
    assert list(private_uses(ast.parse(code_of(path)))) == []


def test_private_uses_are_found() -> None:
    code = "import simlib.engine\nfrom simlib import theory\nfrom simlib.report.cells import Cell\nsimlib.x\ntheory.y"
    assert list(private_uses(ast.parse(code))) == ["simlib.engine", "simlib.report.cells.Cell", "simlib.x", "theory.y"]


def loaded_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_simlib_loads_nothing_heavy() -> None:
    assert loaded_by("import simlib") & {*HEAVY, "simpy", "numpy", "pydantic"} == set()


def test_simulating_loads_no_statistics_figures_or_command_line() -> None:
    code = "import simlib; simlib.load_scenario; simlib.simulate; simlib.summarise"
    assert loaded_by(code) & HEAVY == set()


def test_public_modules_load_figures_and_pages_only_when_used() -> None:
    """Imported one after the other by one process: what loads nothing in company loads nothing alone."""
    code = "\n".join(f"import simlib.{module}" for module in MODULES)
    assert loaded_by(code) & {"matplotlib", "jinja2", "IPython", "typer", "rich", "SALib"} == set()


def test_the_help_of_the_command_line_loads_no_heavy_library() -> None:
    code = "import io, contextlib\nfrom simlib.commands.application import execute\n"
    quiet = "with contextlib.redirect_stdout(io.StringIO()): execute(['--help'])"
    assert loaded_by(code + quiet) & {*HEAVY, "simpy"} == {"typer"}


def test_listing_the_scenarios_loads_neither_parts_nor_numbers() -> None:
    code = "import io, contextlib\nfrom simlib.commands.application import execute\n"
    quiet = "with contextlib.redirect_stdout(io.StringIO()): execute(['scenarios', '--json'])"
    assert loaded_by(code + quiet) & {*HEAVY, "simpy", "numpy", "cryptography", "jwt"} == {"typer"}
