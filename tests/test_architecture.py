"""The walls of the house: who imports whom, who alone imports what, who reads a wall clock, how long things are."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import simlib

ROOT = Path(simlib.__file__).resolve().parent
FILES = sorted(ROOT.rglob("*.py"))
FLOORS = {
    **{"scenario": 0, "tokens": 1, "stores": 1, "services": 2, "strategies": 2, "flows": 2, "attacks": 2, "engine": 2},
    **{"deployment": 3, "tracing": 4, "pentest": 5, "analysis": 6, "experiment": 7, "decision": 8, "report": 9},
    **{"contracts": 10, "plugins": 11, "commands": 10, "cli": 11, "__main__": 12, "__init__": 12},
    **dict.fromkeys(("theory", "process", "security", "faults", "effort", "gain", "figures", "tables"), 12),
}
ASIDE = {"calibration": {"scenario", "tokens", "stores"}}
"""Off the stairs: what it may import. Only the command line may import it."""
LIGHT = {place for place, floor in FLOORS.items() if floor < FLOORS["analysis"]}
HEAVY = ("pandas", "scipy")
SOLE = {
    **{"pydantic": {"scenario"}, "jwt": {"tokens"}, "cryptography": {"tokens"}, "simpy": {"engine"}},
    **{"joserfc": {"tokens"}, "pyseto": {"tokens"}, "pyarrow": {"experiment"}, "tomli_w": {"scenario"}},
    **{
        "duckdb": {"experiment"},
        "SALib": {"decision"},
        "datasketches": {"analysis"},
        "joblib": {"experiment"},
        "distributed": {"experiment"},
        "matplotlib": {"report"},
        "jinja2": {"report"},
    },
    **{name: {"cli", "commands"} for name in ("typer", "rich")},
    **{name: set(FLOORS) - LIGHT for name in HEAVY},
}
MAY_READ_CLOCKS = {"calibration", "cli", "commands"}  # the command line tells how long a run took
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
LONGEST_FILE, LONGEST_FUNCTION = 300, 60
LONG = {"engine/driver.py:advance"}  # the loop that each effect of each request goes through: a call costs too much


def place(file: Path) -> str:
    """The folder of the package that a file belongs to; a file at the top is a place of its own."""
    return file.relative_to(ROOT).with_suffix("").parts[0]


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


@cache
def imports(file: Path) -> tuple[str, ...]:
    """Everything that a file imports, also inside functions: ``from a import b`` gives a.b."""
    return tuple(_read_imports(file))


def _read_imports(file: Path) -> Iterator[str]:
    for node in nodes(file):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names)


def collect_faults(find: Callable[[Path], Iterable[str]]) -> dict[str, list[str]]:
    """What is wrong in each file of the package, without the files in which nothing is."""
    found = {file.relative_to(ROOT).as_posix(): sorted(find(file)) for file in FILES}
    return {file: faults for file, faults in found.items() if faults}


def test_a_file_imports_only_from_floors_below_its_own() -> None:
    def find_forbidden(file: Path) -> set[str]:
        here = place(file)
        used = {name.split(".")[1] for name in imports(file) if name.startswith("simlib.")} - {here, "__version__"}
        below = {there for there, floor in FLOORS.items() if here not in ASIDE and floor < FLOORS[here]}
        aside = set(ASIDE) if FLOORS.get(here, 0) >= FLOORS["commands"] else set()
        return used - ASIDE.get(here, below | aside)

    assert collect_faults(find_forbidden) == {}


def test_a_library_is_imported_only_where_it_is_at_home() -> None:
    def find_strangers(file: Path) -> set[str]:
        return {name for name in imports(file) if place(file) not in SOLE.get(name.split(".")[0], {place(file)})}

    assert collect_faults(find_strangers) == {}


def test_nothing_is_imported_wholesale_or_by_a_relative_path() -> None:
    def find_wholesale(file: Path) -> list[str]:
        return [name for name in imports(file) if name.endswith(".*") or name.startswith(".")]

    assert collect_faults(find_wholesale) == {}


def test_only_calibration_and_the_command_line_read_a_wall_clock() -> None:
    def find_clocks(file: Path) -> set[str]:
        if place(file) in MAY_READ_CLOCKS:
            return set()
        imported = {name.split(".")[0] for name in imports(file)} & {"time", "timeit"}
        read = {".".join(ast.unparse(n).split(".")[-2:]) for n in nodes(file) if isinstance(n, ast.Attribute)}
        return imported | (read & CLOCKS)

    assert collect_faults(find_clocks) == {}


def test_a_package_that_gathers_names_lists_what_it_exports() -> None:
    for file in FILES:
        if file.name != "__init__.py":
            continue
        package = import_module(".".join(("simlib", *file.parent.relative_to(ROOT).parts)))
        if any(isinstance(node, ast.ImportFrom | ast.FunctionDef | ast.ClassDef) for node in nodes(file)):
            assert len(package.__all__) == len(set(package.__all__)) > 0, file
            assert [name for name in package.__all__ if not hasattr(package, name)] == [], file
            defined = {
                name for name, value in vars(package).items() if getattr(value, "__module__", "") == package.__name__
            }
            assert {name for name in defined if not name.startswith("_")} <= set(package.__all__), file


def test_files_and_functions_are_short() -> None:
    assert [f.name for f in FILES if len(f.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE] == []
    functions = [(f, n) for f in FILES for n in nodes(f) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {(f, n.name) for f, n in functions if (n.end_lineno or 0) - n.lineno >= LONGEST_FUNCTION}
    assert {f"{file.relative_to(ROOT).as_posix()}:{name}" for file, name in long} == LONG


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import simlib, sys; print(sorted(set(sys.argv[1:]) & set(sys.modules)))"
    heavy = ("scipy", "pandas", "matplotlib", "typer", "rich", "simpy")
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
