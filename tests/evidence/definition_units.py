"""Units of measurement: a file, or a named group of the definitions of one, written out as a module of its own.

Counting files would make numbers depend on how definitions are divided into files: two strategies in one file would
each be charged with the other. So a unit is written out as a module with its definitions and with the import lines that
they need, one for each other unit or module, also for what stands beside it in the same file.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

LINE_LENGTH = 120

Table = Mapping[str, Mapping[str, tuple[str, ...]]]
"""File -> unit -> names of its definitions."""


class Unit(NamedTuple):
    """All definitions of a file that the table does not name, or those that it lists under a name."""

    file: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.name}" if self.name else self.file

    @property
    def stem(self) -> str:
        """The name of a file that would hold only this unit; "PasetoValidator" is "paseto_validator"."""
        name = self.name or Path(self.file).stem
        return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")


class Imported(NamedTuple):
    """One name of an import; ``name`` is empty for ``import module``."""

    module: str
    name: str


@dataclass(frozen=True)
class Source:
    """One file, parsed."""

    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def definitions(self) -> dict[str, ast.stmt]:
        """Top-level name -> the statement that defines it."""
        return {name: node for node in self.tree.body for name in _list_defined(node)}

    @cached_property
    def imports(self) -> dict[str, Imported]:
        """Name -> where an import at the top level takes it from."""
        return {name: origin for node in self.tree.body for name, origin in _list_bindings(node)}

    @cached_property
    def wrapped(self) -> set[frozenset[str]]:
        """The names of each import that would fit one line and is spread over several by its trailing comma."""
        nodes = [node for node in self.tree.body if isinstance(node, ast.ImportFrom) and node.end_lineno != node.lineno]
        imports = [
            (node.module or "", [_write_alias(a.name, a.asname or a.name) for a in node.names]) for node in nodes
        ]
        return {frozenset(names) for module, names in imports if _fits(_write_line(module, names))}

    def cut_out(self, node: ast.stmt) -> str:
        """The lines of a statement, with its decorators."""
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
        return "\n".join(self.text.splitlines()[first - 1 : node.end_lineno])


@dataclass(frozen=True)
class Package:
    """A package of Python files, and the table of those that hold several units."""

    root: Path
    table: Table

    def read(self, file: str) -> Source:
        """A file, relative to the package."""
        return _parse((self.root / file).read_text(encoding="utf-8"))

    def find_unit(self, file: str, name: str) -> Unit:
        """The unit to which a definition of a file belongs."""
        groups = self.table.get(file, {})
        return next((Unit(file, group) for group, names in groups.items() if name in names), Unit(file))

    def write_out(self, unit: Unit) -> str:
        """A unit as the source of a module of its own."""
        body = self._join_definitions(unit)
        return "\n".join((*self._write_imports(unit, body), "", "", body, ""))

    def list_uses(self, unit: Unit) -> set[Unit]:
        """The units of which a unit calls or extends something.

        A name that stands in annotations only, or is a constant, takes no code of the unit that it comes from.
        """
        body = _rewrite_annotations(self._join_definitions(unit), keep=False)
        called = [name for name in find_free_names(body) if not name.isupper()]
        return {used for name in called for used in self._find_units(unit.file, name, body)} - {unit}

    def list_faults(self, measured: Iterable[str]) -> list[str]:
        """Every mistake in the table; in measured files each definition must be in exactly one unit."""
        complete = frozenset(measured)
        return [fault for file in self.table for fault in self._find_faults(file, file in complete)]

    def _find_faults(self, file: str, is_measured: bool) -> Iterator[str]:
        if not (self.root / file).is_file():
            yield f"{file}: no such file"
            return
        source = self.read(file)
        listed = [name for names in self.table[file].values() for name in names]
        yield from (f"{file}: {name} is in two units" for name in sorted({n for n in listed if listed.count(n) > 1}))
        yield from (f"{file}: {name} is not defined there" for name in sorted(set(listed) - set(source.definitions)))
        for node in source.tree.body:
            names = _list_defined(node)
            if len({self.find_unit(file, name) for name in names}) > 1:
                yield f"{file}: {', '.join(names)} are defined by one statement and in two units"
            if is_measured and _is_code(node) and not set(names) & set(listed):
                yield f"{file}: {', '.join(names) or f'line {node.lineno}'} is in no unit"

    def _join_definitions(self, unit: Unit) -> str:
        source = self.read(unit.file)
        nodes = [node for node in source.tree.body if _is_code(node)]
        owners = [self.find_unit(unit.file, name) for name in (next(iter(_list_defined(node)), "") for node in nodes)]
        return "\n\n\n".join(source.cut_out(node) for node, owner in zip(nodes, owners, strict=True) if owner == unit)

    def _write_imports(self, unit: Unit, body: str) -> Iterator[str]:
        body = _rewrite_annotations(body, keep=True)
        found = {line for name in find_free_names(body) for line in self._list_imports(unit, name, body)}
        names: dict[str, list[str]] = {}
        for module, name in sorted(found):
            if name:
                names.setdefault(module, []).append(name)
            else:
                yield f"import {module}"
        wrapped = self.read(unit.file).wrapped
        yield from (_write_import(module, taken, frozenset(taken) in wrapped) for module, taken in names.items())

    def _list_imports(self, unit: Unit, name: str, body: str) -> Iterator[Imported]:
        """The imports of one name, as though every unit were a file."""
        source = self.read(unit.file)
        origin = source.imports.get(name)
        if name in source.definitions:
            owner = self.find_unit(unit.file, name)
            yield from [Imported(self._name_module(owner), name)] if owner != unit else ()
        elif origin is not None:
            file, member_file = self._find_file(origin.module), self._find_file(f"{origin.module}.{origin.name}")
            if file is not None and origin.name:
                yield Imported(self._name_module(self.find_unit(file, origin.name)), _write_alias(origin.name, name))
            elif member_file is not None and member_file in self.table and self._find_export(origin) is None:
                members = self._list_members(member_file, name, body)
                yield from (Imported(self._name_module(self.find_unit(member_file, m)), m) for m in members)
            else:
                yield Imported(origin.module, _write_alias(origin.name, name))

    def _find_units(self, file: str, name: str, body: str) -> Iterator[Unit]:
        """The units behind one name that a file uses."""
        source = self.read(file)
        origin = source.imports.get(name)
        if name in source.definitions:
            yield self.find_unit(file, name)
        elif origin is not None and origin.name:
            origin = self._find_export(origin) or origin
            defining, member_file = self._find_file(origin.module), self._find_file(f"{origin.module}.{origin.name}")
            if defining is not None:
                yield self.find_unit(defining, origin.name)
            elif member_file is not None:
                members = self._list_members(member_file, name, body)
                yield from (self.find_unit(member_file, member) for member in members if not member.isupper())

    def _list_members(self, file: str, module: str, body: str) -> set[str]:
        """The definitions of a file that a body names as attributes of the module; of a bare module all."""
        nodes = [node for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Attribute)]
        taken = {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == module}
        return taken or set(self.read(file).definitions)

    def _find_export(self, origin: Imported) -> Imported | None:
        """The import by which a folder's own list of names takes a name from one of its files."""
        listing = self._write_path(origin.module) + "/__init__.py"
        return self.read(listing).imports.get(origin.name) if (self.root / listing).is_file() else None

    def _find_file(self, module: str) -> str | None:
        file = self._write_path(module) + ".py"
        return file if module.startswith(f"{self.root.name}.") and (self.root / file).is_file() else None

    def _write_path(self, module: str) -> str:
        return module.removeprefix(f"{self.root.name}.").replace(".", "/")

    def _name_module(self, unit: Unit) -> str:
        return ".".join((self.root.name, *Path(unit.file).parent.parts, unit.stem))


def find_free_names(source: str) -> set[str]:
    """The names that a module uses and does not define: those of imports and of builtins."""
    top = symtable.symtable(source, "unit", "exec")
    found = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    tables = top.get_children()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return found - {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned()}


def list_groups(merged: Source, old: Mapping[str, Source]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Units of a merged file, one for each file that it was made of, and the definitions which none of them had.

    A definition with a new name is recognised by its text, where that is otherwise as it was; a name that two of the
    files had goes to neither of them.
    """
    groups: dict[str, list[str]] = {Path(file).stem: [] for file in old}
    left = []
    for name, node in merged.definitions.items():
        text = _remove_name(merged, node)
        by_text = [file for file, source in old.items() if text in _list_texts(source)]
        by_name = [file for file, source in old.items() if name in source.definitions]
        owners = by_name if len(by_name) == 1 else by_text
        if len(owners) == 1:
            groups[Path(owners[0]).stem].append(name)
        else:
            left.append(name)
    return {unit: tuple(names) for unit, names in groups.items() if names}, left


def _list_texts(source: Source) -> set[str]:
    return {_remove_name(source, node) for node in source.definitions.values()}


def _remove_name(source: Source, node: ast.stmt) -> str:
    """A definition without its own name."""
    text = source.cut_out(node)
    for name in _list_defined(node):
        text = text.replace(name, "")
    return text


class _Annotations(ast.NodeTransformer):
    """Takes annotations away, or takes the quotes of those that are text."""

    def __init__(self, keep: bool) -> None:
        self._keep = keep

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Every node that may hold an annotation, and all below it."""
        for field in ("annotation", "returns"):
            written = getattr(node, field, None)
            if written is not None:
                setattr(node, field, _unquote(written) if self._keep else ast.Constant(None))
        return super().generic_visit(node)


def _unquote(written: ast.expr) -> ast.expr:
    if isinstance(written, ast.Constant) and isinstance(written.value, str):
        return ast.parse(written.value, mode="eval").body
    return written


def _rewrite_annotations(body: str, keep: bool) -> str:
    return ast.unparse(_Annotations(keep).visit(ast.parse(body)))


@cache
def _parse(text: str) -> Source:
    return Source(text)


def _is_code(node: ast.stmt) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return not is_text and not isinstance(node, ast.Import | ast.ImportFrom)


def _list_defined(node: ast.stmt) -> tuple[str, ...]:
    """The names that a top-level statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return tuple(inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name))
    return ()


def _list_bindings(node: ast.stmt) -> Iterator[tuple[str, Imported]]:
    if isinstance(node, ast.ImportFrom) and node.module:
        yield from ((alias.asname or alias.name, Imported(node.module, alias.name)) for alias in node.names)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            yield bound, Imported(_write_alias(alias.name, alias.asname or alias.name), "")


def _write_alias(name: str, bound: str) -> str:
    return name if bound == name or not name else f"{name} as {bound}"


def _write_import(module: str, names: list[str], is_wrapped: bool) -> str:
    """An import as it is formatted: on one line, or one name a line where it is too long or the file has it so."""
    line = _write_line(module, names)
    if _fits(line) and not is_wrapped:
        return line
    return "\n".join((f"from {module} import (", *(f"    {name}," for name in names), ")"))


def _write_line(module: str, names: list[str]) -> str:
    return f"from {module} import {', '.join(names)}"


def _fits(line: str) -> bool:
    return len(line) <= LINE_LENGTH
