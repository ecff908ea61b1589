"""The size of a unit does not depend on how definitions are divided into files."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ISSUER = '''"""Issues."""

import json
from functools import partial

from simlib.parts.base import Grant
from simlib.parts.keys import make_key

LIFETIME = 60


class Issuer:
    """Signs."""

    def issue(self, grant: Grant) -> str:
        """A token."""
        return json.dumps(partial(make_key, grant)()) if grant else ""


def _pad(text: str) -> str:
    return text.ljust(LIFETIME)
'''
VALIDATOR = '''"""Validates."""

import json

from simlib.parts import refusals
from simlib.parts.base import Presented
from simlib.parts.issuer import LIFETIME, Issuer
from simlib.parts.keys import find_key


class Validator:
    """Verifies."""

    def validate(self, presented: Presented, issuer: Issuer) -> bool:
        """The verdict."""
        keys = [find_key(key) for key in json.loads(presented) if key]
        if not keys or len(keys) > LIFETIME:
            return refusals.refuse("no key")
        return True
'''
CALLER = '''"""Calls."""

from simlib.parts.issuer import Issuer
from simlib.parts.validator import Validator


class Caller(Validator):
    """Both."""

    def call(self) -> bool:
        return self.validate(Issuer().issue(None), Issuer())
'''
SHARED = {
    "__init__.py": "",
    "base.py": "class Grant:\n    pass\n\n\nclass Presented:\n    pass\n",
    "keys.py": "def make_key(grant):\n    return 1\n\n\ndef find_key(key):\n    return key\n",
}
JUDGE = "from simlib.parts import refusals\n\n\ndef judge():\n    return refusals.refuse('late')\n"
REFUSE = "def refuse(reason):\n    return False\n"
APART = {**SHARED, "issuer.py": ISSUER, "validator.py": VALIDATOR, "caller.py": CALLER}
TOGETHER = {
    **SHARED,
    "both.py": '''"""Issues and validates."""

import json
from functools import partial

from simlib.parts import verdicts
from simlib.parts.base import Grant, Presented
from simlib.parts.keys import find_key, make_key

'''
    + ISSUER[ISSUER.index("LIFETIME = 60") :]
    + "\n\n"
    + VALIDATOR[VALIDATOR.index("class") :].replace("refusals.", "verdicts."),
    "caller.py": CALLER[: CALLER.index("from")]
    + "from simlib.parts.both import Issuer, Validator\n\n\n"
    + CALLER[CALLER.index("class") :],
    "verdicts.py": JUDGE.replace("refusals.", "").replace("from simlib.parts import refusals\n", "") + "\n\n" + REFUSE,
}
TABLE = {
    "parts/both.py": {"issuer": ("LIFETIME", "Issuer", "_pad"), "validator": ("Validator",)},
    "parts/verdicts.py": {"refusals": ("refuse",), "judging": ("judge",)},
}
SAME = {
    "parts/issuer.py": "parts/both.py:issuer",
    "parts/validator.py": "parts/both.py:validator",
    "parts/caller.py": "parts/caller.py",
    "parts/refusals.py": "parts/verdicts.py:refusals",
    "parts/judging.py": "parts/verdicts.py:judging",
}


@pytest.fixture(name="units")
def definition_units(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "evidence"), *sys.path])
    import definition_units

    return definition_units


def make_package(units: ModuleType, folder: Path, files: Mapping[str, str], table: Any) -> Any:
    (folder / "simlib" / "parts").mkdir(parents=True)
    for name, text in files.items():
        (folder / "simlib" / "parts" / name).write_text(text, encoding="utf-8")
    return units.Package(folder / "simlib", table)


def make_both(units: ModuleType, tmp_path: Path) -> tuple[Any, Any]:
    apart = make_package(units, tmp_path / "a", {**APART, "refusals.py": REFUSE, "judging.py": JUDGE}, {})
    return apart, make_package(units, tmp_path / "b", TOGETHER, TABLE)


def find_unit(units: ModuleType, written: str) -> Any:
    file, _, name = written.partition(":")
    return units.Unit(file, name)


@pytest.mark.parametrize(("one", "other"), SAME.items())
def test_two_units_of_a_file_have_the_size_of_two_files(
    units: ModuleType, tmp_path: Path, one: str, other: str
) -> None:
    lizard = pytest.importorskip("lizard")
    apart, together = make_both(units, tmp_path)
    sources = (
        (apart.root / one).read_text(encoding="utf-8"),
        apart.write_out(find_unit(units, one)),
        together.write_out(find_unit(units, other)),
    )
    found = [lizard.analyze_file.analyze_source_code("unit.py", source) for source in sources]
    sizes = {
        (file.nloc, len(file.function_list), sum(f.cyclomatic_complexity for f in file.function_list)) for file in found
    }
    assert len(sizes) == 1


@pytest.mark.parametrize(("one", "other"), SAME.items())
def test_two_units_of_a_file_use_what_two_files_use(units: ModuleType, tmp_path: Path, one: str, other: str) -> None:
    apart, together = make_both(units, tmp_path)
    uses = {SAME.get(str(unit), str(unit)) for unit in apart.list_uses(find_unit(units, one))}
    assert {str(unit) for unit in together.list_uses(find_unit(units, other))} == uses


def test_constants_and_annotations_take_no_code_of_a_unit_beside(units: ModuleType, tmp_path: Path) -> None:
    _, together = make_both(units, tmp_path)
    found = {str(unit) for unit in together.list_uses(units.Unit("parts/both.py", "validator"))}
    assert found == {"parts/keys.py", "parts/verdicts.py:refusals"}


def test_a_unit_is_written_as_a_module_of_its_own(units: ModuleType, tmp_path: Path) -> None:
    _, together = make_both(units, tmp_path)
    lines = together.write_out(units.Unit("parts/both.py", "validator")).splitlines()
    assert lines[:5] == [
        "import json",
        "from simlib.parts.base import Presented",
        "from simlib.parts.issuer import Issuer, LIFETIME",
        "from simlib.parts.keys import find_key",
        "from simlib.parts.refusals import refuse",
    ]


def test_an_import_that_is_too_long_takes_a_line_for_each_name(units: ModuleType, tmp_path: Path) -> None:
    names = [f"quite_a_long_name_{at}" for at in range(6)]
    stock = "".join(f"def {name}():\n    pass\n\n\n" for name in names)
    text = f"{stock}def call():\n    return {' + '.join(f'{name}()' for name in names)}\n"
    table = {"parts/one.py": {"stock": tuple(names), "caller": ("call",)}}
    package = make_package(units, tmp_path, {"one.py": text}, table)
    lines = package.write_out(units.Unit("parts/one.py", "caller")).splitlines()
    assert lines[:8] == ["from simlib.parts.stock import (", *(f"    {name}," for name in names), ")"]


@pytest.mark.parametrize(("module", "lines"), [("short", 6), ("a_module_with_a_name_that_takes_the_rest_of_it", 1)])
def test_an_import_is_wrapped_as_in_the_file_unless_that_had_need(
    units: ModuleType, tmp_path: Path, module: str, lines: int
) -> None:
    names = [f"quite_long_name_{at}" for at in range(4)]
    stock = "".join(f"def {name}():\n    pass\n\n\n" for name in names)
    imported = f"from simlib.parts.{module} import (\n{''.join(f'    {name},{chr(10)}' for name in names)})\n"
    user = f"{imported}\n\ndef call():\n    return {' + '.join(f'{name}()' for name in names)}\n"
    table = {f"parts/{module}.py": {"stock": tuple(names)}}
    package = make_package(units, tmp_path, {f"{module}.py": stock, "user.py": user}, table)
    written = package.write_out(units.Unit("parts/user.py"))
    assert written.index("\n\n\n") == len("\n".join(written.splitlines()[:lines]))


def test_names_of_inner_scopes_are_no_uses(units: ModuleType) -> None:
    function = "def one(key):\n    return [issue for issue in key]\n"
    source = f"{function}\n\nclass Two:\n    sign = 1\n\n    def verify(self):\n        return other\n"
    assert units.find_free_names(source) == {"other"}


def test_a_definition_without_a_unit_is_a_mistake(units: ModuleType, tmp_path: Path) -> None:
    table = {
        "parts/both.py": {"issuer": ("LIFETIME", "Issuer"), "validator": ("Validator", "Issuer", "gone")},
        "parts/nothing.py": {"nothing": ("nothing",)},
    }
    package = make_package(units, tmp_path, TOGETHER, table)
    assert package.list_faults(["parts/both.py"]) == [
        "parts/both.py: Issuer is in two units",
        "parts/both.py: gone is not defined there",
        "parts/both.py: _pad is in no unit",
        "parts/nothing.py: no such file",
    ]
    assert "parts/both.py: _pad is in no unit" not in package.list_faults([])


def test_old_files_say_which_definitions_are_a_unit(units: ModuleType) -> None:
    merged = TOGETHER["both.py"].replace("_pad", "_fill") + "\n\ndef more():\n    return 1\n"
    old = {name: units.Source(APART[name]) for name in ("issuer.py", "validator.py")}
    groups, left = units.list_groups(units.Source(merged), old)
    assert groups == {"issuer": ("LIFETIME", "Issuer", "_fill"), "validator": ("Validator",)}
    assert left == ["more"]
