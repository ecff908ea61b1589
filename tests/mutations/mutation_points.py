"""Mutation points: checks that can be removed, read from the source, so a new check is mutated once it is written."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MUTATED = (
    *("strategies/*.py", "tokens/*.py", "services/*.py", "flows/*.py", "attacks/*.py"),
    *("deployment/fault*.py", "deployment/overload.py", "deployment/key_rotation.py"),
    *("engine/fault*.py", "engine/crash.py", "engine/calls_with_*.py", "scenario/fault*.py"),
)
"""Files of simlib whose checks are taken away: tokens made, carried, judged and attacked, and faults."""
REFUSING_CALLS = frozenset(
    {"reply_error", "reply_invalid_client", "reply_upstream_error", "make_error", "distrust", "Failed", "Verified"}
    | {"NotApplicable", "PreparationFailure"}
)
"""Calls whose result is a refusal, beside those with "refus" in their names."""
VERIFICATION_ARGUMENTS = {2: "(key.algorithm,)", 3: "None", 4: "None"}
"""Position of an argument of ``Verification`` -> what takes its check away (algorithms, issuer, audience)."""


class Mutant(NamedTuple):
    """One change of the source: ``old`` at ``start`` (characters) of a file becomes ``new``."""

    file: str
    line: int
    start: int
    old: str
    new: str

    @property
    def label(self) -> str:
        """File, line and what is changed, in one line."""
        return f"{self.file}:{self.line}: {' '.join(self.old.split())}  ->  {self.new}"

    def applied(self, source: str) -> str:
        """The source with this change. Raises ValueError when it does not fit."""
        end = self.start + len(self.old)
        if source[self.start : end] != self.old:
            raise ValueError(f"{self.label}: the source is another one")
        return source[: self.start] + self.new + source[end:]


def all_mutants(root: Path = ROOT) -> list[Mutant]:
    """Every mutant of the files of `MUTATED`, in the order of the files."""
    files = [file for pattern in MUTATED for file in sorted((root / "simlib").glob(pattern))]
    return [mutant for file in files for mutant in mutants_of(file, root)]


def mutants_of(file: Path, root: Path = ROOT) -> list[Mutant]:
    """The mutants of one file."""
    source = file.read_text(encoding="utf-8")
    lines = [0]
    for line in source.encode().splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    found: dict[tuple[int, str, str], Mutant] = {}
    for node, new in _changes(ast.parse(source)):
        begin = len(source.encode()[: lines[node.lineno - 1] + node.col_offset].decode())
        old = ast.get_source_segment(source, node) or ""
        if old != new:
            found[begin, old, new] = Mutant(file.relative_to(root).as_posix(), node.lineno, begin, old, new)
    return sorted(found.values(), key=lambda mutant: (mutant.start, mutant.new))


def _changes(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """An expression and what it becomes."""
    for node in ast.walk(tree):
        if (isinstance(node, ast.If) and _refuses(node.body)) or (
            isinstance(node, ast.IfExp) and _is_nothing(node.body)
        ):
            yield from _never(node.test)
        elif isinstance(node, ast.IfExp) and _is_nothing(node.orelse):
            yield from _always(node.test)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Compare | ast.BoolOp):
            yield from _always(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Verification":
            yield from ((node.args[at], new) for at, new in VERIFICATION_ARGUMENTS.items() if at < len(node.args))


def _never(test: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    """A refusal that does not happen: the whole, and each reason of several."""
    yield test, "False"
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        yield from ((part, "False") for part in test.values)


def _always(test: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    """A condition that holds: the whole, and each of several that must hold together."""
    yield test, "True"
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        yield from ((part, "True") for part in test.values)


def _refuses(body: list[ast.stmt]) -> bool:
    """Whether a branch ends in a refusal: an error answer, nothing, false, or an exception."""
    last = body[-1]
    if isinstance(last, ast.Raise):
        return True
    if not isinstance(last, ast.Return):
        return False
    value = last.value
    return value is None or _is_nothing(value) or _is_word(value) or any(map(_is_refusing, ast.walk(value)))


def _is_word(node: ast.expr) -> bool:
    """The word that names a check which refused."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != ""


def _is_refusing(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    status = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    return name in REFUSING_CALLS or "refus" in name or (name == "Reply" and isinstance(status, int) and status >= 400)


def _is_nothing(node: ast.expr) -> bool:
    """None or False."""
    return isinstance(node, ast.Constant) and (node.value is None or node.value is False)
