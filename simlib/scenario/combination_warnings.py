"""Warnings of combinations in a design: parts that do each other's work, or that their world or each other thwart."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf, prod
from typing import Any, NamedTuple

from simlib.scenario.design import Design
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.world import World

REVOCATION_LISTS = ("denylist_polled", "denylist_pushed", "denylist_shared", "status_list")
"""Wrappers that refuse revoked tokens by a list, of which one is enough."""
FOR_OUTAGES = ("circuit_breaker", "fail_open")
"""Wrappers for outages of the authorization server."""
FOR_FAILED_CALLS = (*FOR_OUTAGES, "retry")
"""Wrappers for calls of the authorization server that fail."""
SENSITIVE = "sensitive_introspection"
"""Wrapper that has an effect on sensitive routes only."""


class PlacedPart(NamedTuple):
    """A part of a design: its key in the file, below that of the design, its class and its settings."""

    key: str
    kind: type[Any]
    settings: Any


def warn_of_combinations(design: Design, parts: Sequence[PlacedPart], world: World) -> Iterator[str]:
    """List what parts say without effect because of each other, or of the world; those of presets are among them."""
    wrappers = [part for part in parts if part.key.startswith("wrappers[")]
    checking = [part for part in parts if part.key in ("gateway", "service") and _asks(part)]
    yield from _warn_of_lists(wrappers)
    yield from _warn_of_kept_entries(wrappers, parts)
    yield from _warn_of_repeated_retries(wrappers)
    yield from _warn_of_total_times(wrappers, checking)
    yield from _warn_of_repeated_checks(checking)
    yield from _warn_of_missing_routes(wrappers, world)
    yield from _warn_of_missing_calls(design, wrappers, parts, world)
    yield from _warn_of_rate_limit(design, checking, world)


def _asks(part: PlacedPart) -> bool:
    return bool(getattr(part.kind, "asks_authorization_server", False))


def _warn_of_lists(wrappers: Sequence[PlacedPart]) -> Iterator[str]:
    for first, second in pairwise(part for part in wrappers if part.kind.name in REVOCATION_LISTS):
        yield (
            f"{second.key}: {second.kind.name} refuses the revoked tokens that {first.key} {first.kind.name} refuses "
            "too, and both are paid for"
        )


def _warn_of_kept_entries(wrappers: Sequence[PlacedPart], parts: Sequence[PlacedPart]) -> Iterator[str]:
    """Entries of a list must be kept for as long after ``exp`` as a service still accepts the token."""
    granted = {part.key: _find_leeway(part) for part in parts if part.key in ("service", "inner_service")}
    key = max(granted, key=lambda name: granted[name], default="")
    for wrapper in wrappers if key else ():
        kept = getattr(wrapper.settings, "leeway_s", None) if wrapper.kind.name in REVOCATION_LISTS else None
        if kept is not None and kept < granted[key]:
            yield (
                f"{wrapper.key}.leeway_s = {kept:g} is shorter than {key}.leeway_s = {granted[key]:g}: "
                "a revoked token works again once its entry has ended"
            )


def _find_leeway(part: PlacedPart) -> float:
    """Leeway that a part grants; none where the authorization server judges times."""
    return float(getattr(part.settings, "leeway_s", 0.0)) if getattr(part.settings, "own_clock", True) else 0.0


def _warn_of_repeated_retries(wrappers: Sequence[PlacedPart]) -> Iterator[str]:
    retrying = [part for part in wrappers if getattr(part.settings, "attempts", 1) > 1]
    if len(retrying) > 1:
        calls = prod(part.settings.attempts for part in retrying)
        names = " and ".join(part.kind.name for part in retrying)
        yield f"{retrying[-1].key}: {names} repeat each other's attempts: one request may make {calls} calls"


def _warn_of_total_times(wrappers: Sequence[PlacedPart], checking: Sequence[PlacedPart]) -> Iterator[str]:
    for wrapper in wrappers:
        total_s: float = getattr(wrapper.settings, "total_s", inf)
        for part in checking if wrapper.kind.name == "retry" else ():
            timeout_s: float = getattr(part.settings, "timeout_s", 0.0)
            if total_s < timeout_s:
                yield (
                    f"{wrapper.key}.total_s = {total_s:g} is shorter than {part.key}.timeout_s = {timeout_s:g}: "
                    "a call without an answer is not repeated"
                )


def _warn_of_repeated_checks(checking: Sequence[PlacedPart]) -> Iterator[str]:
    if len(checking) > 1 and getattr(checking[0].kind, "forwards", None) is None:
        first, second = checking
        kept = all(getattr(part.kind, "caches_answers", False) for part in checking)
        yield (
            f"{second.key}.part = {second.kind.name} introspects the tokens that {first.key}.part = {first.kind.name} "
            f"has introspected{', and both keep the answers' if kept else ''}"
        )


def _warn_of_missing_routes(wrappers: Sequence[PlacedPart], world: World) -> Iterator[str]:
    for wrapper in wrappers if world.service.sensitive_share == 0 else ():
        if wrapper.kind.name == SENSITIVE:
            yield f"{wrapper.key}: {wrapper.kind.name} has no effect with world.service.sensitive_share = 0"


def _warn_of_missing_calls(
    design: Design, wrappers: Sequence[PlacedPart], parts: Sequence[PlacedPart], world: World
) -> Iterator[str]:
    """Wrappers for calls of the authorization server that fail, where what they wrap calls it for keys at most."""
    checking = [part for part in parts if part.key in ("gateway", "service", "inner_service") and _checks(part)]
    if any(_asks(part) or getattr(part.kind, "caches_answers", False) for part in checking):
        return
    lasting_s = min((_find_key_life(part) for part in checking if _fetches_keys(part)), default=inf)
    names = " and ".join(dict.fromkeys(part.kind.name for part in checking))
    for wrapper in wrappers:
        if _calls(wrapper, world):
            return
        if wrapper.kind.name in FOR_FAILED_CALLS and lasting_s == inf:
            yield f"{wrapper.key}: {wrapper.kind.name} has no effect: {names} makes no call of the authorization server"
        elif wrapper.kind.name == "circuit_breaker":
            yield (
                f"{wrapper.key}: circuit_breaker changes no verdict: {names} calls the authorization server for keys "
                "alone, and without keys requests are refused all the same"
            )
        elif wrapper.kind.name == "fail_open":
            yield from _warn_of_failing_open(wrapper, names, lasting_s, design.token_lifetime_s)


def _warn_of_failing_open(wrapper: PlacedPart, names: str, lasting_s: float, life_s: float) -> Iterator[str]:
    """A policy that ends before keys do, or that leaves out most tokens when they have."""
    longest_s, is_any = wrapper.settings.longest_s, wrapper.settings.lets_in == "any"
    begin = f"{wrapper.key}.longest_s = {longest_s:g}"
    if is_any and longest_s <= lasting_s:
        yield f"{begin} has no effect: {names} uses keys for {lasting_s:g} s, and the last answer is older by then"
    elif not is_any and longest_s < life_s:
        yield (
            f"{begin} is shorter than token_lifetime_s = {life_s:g}: {names} has no news of a token after its issue, "
            "so that older ones are refused all the same; jwks_stale_if_error_s bridges an outage"
        )


def _find_key_life(part: PlacedPart) -> float:
    """Seconds from its fetch for which a key set is used at most."""
    return float(part.settings.jwks_lifetime_s) + float(getattr(part.settings, "jwks_stale_if_error_s", 0.0))


def _checks(part: PlacedPart) -> bool:
    return bool(getattr(part.kind, "checks", True))


def _fetches_keys(part: PlacedPart) -> bool:
    return hasattr(part.settings, "jwks_lifetime_s") and getattr(part.settings, "algorithms", ()) != ("HS256",)


def _calls(wrapper: PlacedPart, world: World) -> bool:
    """Whether a wrapper calls the authorization server itself: for a list, or about tokens on sensitive routes."""
    if wrapper.kind.name == SENSITIVE:
        return world.service.sensitive_share > 0
    return bool(getattr(wrapper.kind, "learns_from_lists", False))


def _warn_of_rate_limit(design: Design, checking: Sequence[PlacedPart], world: World) -> Iterator[str]:
    """Parts that introspect at every request, under a limit of the authorization server below the rate of requests."""
    limit, load = world.authorization_server.rate_limit, world.load
    if limit is None or isinstance(load, ReplayLoad) or not hasattr(load, "arrival_rate"):
        return
    most = limit.requests_per_s * design.replicas.get("authorization_server", 1)
    for part in checking:
        shares = getattr(part.kind, "caches_answers", True) or getattr(part.settings, "single_flight", False)
        if not shares and load.arrival_rate > most:
            yield (
                f"{part.key}.part = {part.kind.name} introspects {load.arrival_rate:g} requests per second, but "
                f"world.authorization_server.rate_limit.requests_per_s admits {most:g}"
            )
