"""The faults of a world told to a reader."""

from collections.abc import Iterator

from simlib.report.told_values import spoken
from simlib.scenario.faults import Fault
from simlib.scenario.world import World

_TIMES = ("at_s", "length_s", "mean_between_s", "mean_length_s", "kind")


def told_faults(world: World) -> Iterator[tuple[str, str]]:
    """One term per fault."""
    for name, fault in world.faults.items():
        yield f"fault {spoken(name)}", ", ".join([spoken(fault.kind), *_settings(fault), _schedule(fault)])


def _settings(fault: Fault) -> Iterator[str]:
    for name, value in fault.model_dump(exclude_none=True).items():
        if name not in _TIMES and value is not False:
            yield _setting(spoken(name.removesuffix("_s")), value, " s" if name.endswith("_s") else "")


def _setting(name: str, value: object, unit: str) -> str:
    if value is True:
        return name
    if isinstance(value, tuple):
        return f"{name} {' and '.join(value)}"
    return f"{name} {value:g}{unit}" if isinstance(value, float) else f"{name} {value}"


def _schedule(fault: Fault) -> str:
    length, mean = getattr(fault, "length_s", None), getattr(fault, "mean_length_s", None)
    if fault.random:
        lasting = "" if mean is None else f" for {mean:g} s"
        return f"every {fault.mean_between_s:g} s{lasting} in the mean"
    return f"at {fault.at_s:g} s" + ("" if length is None else f" for {length:g} s")
