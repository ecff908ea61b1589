"""Groups of entry points: a broken one is reported at every use, others are loaded, and no name is given twice."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from installing import declare

from simlib.scenario.errors import InputError
from simlib.scenario.registry import PluginGroup, Registry, isolate_registrations

GROUP = "simlib.tested"
MODULE = """
class First:
    name = "same"

class Second:
    name = "same"

class Other:
    name = "other"
"""


class Kinds:
    """A registry of classes with a name, as those of strategies and attacks are."""

    def __init__(self) -> None:
        self.registry: Registry[type[Any]] = Registry("kind", {}, PluginGroup(GROUP, self.add))

    def add(self, kind: type[Any]) -> None:
        self.registry.add(kind.name, kind)


@pytest.fixture
def kinds() -> Iterator[Kinds]:
    from simlib.scenario import registry

    made = Kinds()
    yield made
    registry._REGISTRIES[:] = [other for other in registry._REGISTRIES if other is not made.registry]


def install(folder: Path, patch: pytest.MonkeyPatch, **entry_points: str) -> None:
    declare(folder, "grouped", {GROUP: {name: f"grouped_module:{target}" for name, target in entry_points.items()}})
    (folder / "grouped_module.py").write_text(MODULE, encoding="utf-8")
    patch.syspath_prepend(str(folder))
    patch.delitem(sys.modules, "grouped_module", raising=False)


def test_a_broken_plug_in_is_reported_at_every_use_and_the_others_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: Kinds
) -> None:
    install(tmp_path, monkeypatch, a="Missing", b="Other")
    reports = []
    for _ in range(2):
        with pytest.raises(InputError) as report:
            list(kinds.registry)
        reports.append(str(report.value))
    assert reports[0] == reports[1]
    assert "plug-in 'a' (simlib.tested) of the package 'grouped' cannot be used: AttributeError: " in reports[0]
    assert kinds.registry["other"].__name__ == "Other"


def test_two_entry_points_of_one_name_are_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: Kinds
) -> None:
    install(tmp_path, monkeypatch, a="First", b="Second")
    with pytest.raises(InputError) as report:
        list(kinds.registry)
    assert str(report.value) == (
        "plug-in 'b' (simlib.tested) of the package 'grouped' cannot be used: ValueError: kind: the name 'same' is "
        "taken by the plug-in 'a' (simlib.tested) of the package 'grouped'"
    )
    assert kinds.registry["same"].__name__ == "First"


@pytest.mark.parametrize("before", [True, False])
def test_a_call_replaces_the_entry_point_before_and_after_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: Kinds, before: bool
) -> None:
    install(tmp_path, monkeypatch, a="First")
    replacement = type("Replacement", (), {"name": "same"})
    if not before:
        kinds.registry.load_plugins()
    kinds.add(replacement)
    assert list(kinds.registry) == ["same"]
    assert kinds.registry["same"] is replacement


def test_isolation_knows_what_a_call_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: Kinds) -> None:
    install(tmp_path, monkeypatch, a="First")
    with isolate_registrations():
        kinds.add(type("Replacement", (), {"name": "same"}))
    assert kinds.registry["same"].__name__ == "First"
