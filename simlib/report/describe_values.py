"""Values of a scenario as short texts: distributions, links, faults."""

from collections.abc import Iterator

from simlib.scenario.distributions import Distribution
from simlib.scenario.faults import Fault
from simlib.scenario.hosts import Link
from simlib.scenario.world import World


def describe_distribution(distribution: Distribution) -> str:
    """Kind and parameters in milliseconds."""
    values = distribution.model_dump(exclude={"kind"})
    if distribution.kind == "quantiles":
        return f"{len(values['values_s'])} quantiles, mean {distribution.mean() * 1e3:.4g} ms"
    parameters = ", ".join(f"{name.removesuffix('_s')} {value * 1e3:.4g} ms" for name, value in values.items())
    return f"{distribution.kind}, {parameters}"


def describe_link(link: Link) -> str:
    """Round trip and connections of a link."""
    parts = [f"round trip {describe_distribution(link.round_trip)}"]
    if link.bandwidth is not None:
        parts.append(f"{link.bandwidth:,.4g} B/s")
    if link.connections is not None:
        parts.append(f"at most {link.connections} connections per replica")
    if link.keep_alive_s is not None:
        parts.append(f"kept alive {link.keep_alive_s:g} s")
    return "; ".join(parts)


def format_name(name: str) -> str:
    """A key of the scenario file as words."""
    return name.replace("_", " ")


_TIMES = ("at_s", "length_s", "mean_between_s", "mean_length_s", "kind")


def describe_faults(world: World) -> Iterator[tuple[str, str]]:
    """One term per fault."""
    for name, fault in world.faults.items():
        yield (
            f"fault {format_name(name)}",
            ", ".join([format_name(fault.kind), *_describe_settings(fault), _describe_schedule(fault)]),
        )


def _describe_settings(fault: Fault) -> Iterator[str]:
    for name, value in fault.model_dump(exclude_none=True).items():
        if name not in _TIMES and value is not False:
            yield _describe_setting(format_name(name.removesuffix("_s")), value, " s" if name.endswith("_s") else "")


def _describe_setting(name: str, value: object, unit: str) -> str:
    if value is True:
        return name
    if isinstance(value, tuple):
        return f"{name} {' and '.join(value)}"
    return f"{name} {value:g}{unit}" if isinstance(value, float) else f"{name} {value}"


def _describe_schedule(fault: Fault) -> str:
    length, mean = getattr(fault, "length_s", None), getattr(fault, "mean_length_s", None)
    if fault.is_random:
        lasting = "" if mean is None else f" for {mean:g} s"
        return f"every {fault.mean_between_s:g} s{lasting} in the mean"
    return f"at {fault.at_s:g} s" + ("" if length is None else f" for {length:g} s")
