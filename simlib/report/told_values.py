"""Single values of a scenario as short texts."""

from simlib.scenario.distributions import Distribution
from simlib.scenario.links import Link


def told_distribution(distribution: Distribution) -> str:
    """Kind and parameters in milliseconds."""
    values = distribution.model_dump(exclude={"kind"})
    if distribution.kind == "quantiles":
        return f"{len(values['values_s'])} quantiles, mean {distribution.mean() * 1e3:.4g} ms"
    told = ", ".join(f"{name.removesuffix('_s')} {value * 1e3:.4g} ms" for name, value in values.items())
    return f"{distribution.kind}, {told}"


def told_link(link: Link) -> str:
    """Round trip and connections of a link."""
    parts = [f"round trip {told_distribution(link.round_trip)}"]
    if link.bandwidth is not None:
        parts.append(f"{link.bandwidth:,.4g} B/s")
    if link.connections is not None:
        parts.append(f"at most {link.connections} connections per replica")
    if link.keep_alive_s is not None:
        parts.append(f"kept alive {link.keep_alive_s:g} s")
    return "; ".join(parts)


def spoken(name: str) -> str:
    """A name of the scenario file as words."""
    return name.replace("_", " ")
