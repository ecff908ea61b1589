"""Structure of a checkout, from its imports: ``python tests/structure [ROOT]``.

Prints files and lines of each folder, the median file and function, import circles (those through ``TYPE_CHECKING``
included), imports between folders that run up or sideways by `FLOORS` of its tests/test_architecture.py, and the files
that a run of one design executes.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ENTERED = """
import sys
files = set()
sys.setprofile(lambda frame, event, arg: files.add(frame.f_code.co_filename) if event == "call" else None)
import simlib
scenario = simlib.load_scenario("internal-tool")
files.clear()
simlib.simulate(scenario, "jwt")
sys.setprofile(None)
print(sum("simlib" in file and "site-packages" not in file for file in files))
"""


def list_modules(root: Path) -> dict[str, Path]:
    """Dotted name -> file of every module of the package."""
    files = sorted((root / "simlib").rglob("*.py"))
    return {".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def list_imports(file: Path, modules: dict[str, Path]) -> set[str]:
    """The modules of the package that a file imports anywhere."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return {name for name in imported if name in modules and not modules[name].name.startswith("__init__")}


def find_circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    circles: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in imports[module]:
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            at = stack.index(module)
            if len(stack) - at > 1:
                circles.append(sorted(stack[at:]))
            del stack[at:]

    for module in imports:
        if module not in index:
            visit(module)
    return circles


def read_floors(root: Path) -> dict[str, int]:
    """`FLOORS` of the checkout's own architecture test."""
    code = (root / "tests" / "test_architecture.py").read_text(encoding="utf-8")
    tree = ast.parse(code)
    node = next(n for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "FLOORS")
    floors: dict[str, int] = eval(ast.unparse(node.value))
    return floors


def list_upward(imports: dict[str, set[str]], floors: dict[str, int]) -> Iterator[str]:
    """Imports from a folder of a lower or of the same floor to another folder."""
    for module, others in imports.items():
        here = [*module.split("."), "__init__"][1]
        for other in others:
            there = other.split(".")[1]
            if here != there and here in floors and there in floors and floors[there] >= floors[here]:
                yield f"{module} -> {other}"


def list_function_lengths(file: Path) -> list[int]:
    """Lines of each function of a file."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return [(n.end_lineno or 0) - n.lineno + 1 for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def main() -> int:
    """Print the structure of a checkout, by default of this one."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]).resolve()
    modules = list_modules(root)
    lines = {name: len(file.read_text(encoding="utf-8").splitlines()) for name, file in modules.items()}
    imports = {name: list_imports(file, modules) for name, file in modules.items()}
    functions = [length for file in modules.values() for length in list_function_lengths(file)]
    folders = sorted({modules[name].parent.relative_to(root).as_posix() for name in modules})
    for folder in folders:
        sizes = [lines[name] for name, file in modules.items() if file.parent == root / folder]
        print(f"{folder:32}{len(sizes):4} files {sum(sizes):7} lines")
    circles = find_circles(imports)
    upward = sorted(list_upward(imports, read_floors(root)))
    print(f"files {len(modules)}, lines {sum(lines.values())}, median file {median(lines.values()):g}", end=", ")
    print(f"over 300 lines {sum(size > 300 for size in lines.values())}")
    print(f"functions {len(functions)}, median {median(functions):g} lines, longest {max(functions)}")
    print(f"import circles {len(circles)}: {'; '.join(', '.join(circle) for circle in circles) or 'none'}")
    print(f"imports up or sideways between folders {len(upward)}: {'; '.join(upward) or 'none'}")
    done = subprocess.run([sys.executable, "-c", ENTERED], capture_output=True, text=True, check=True, cwd=root)
    print(f"files of simlib executed by one run of one design {done.stdout.strip()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
