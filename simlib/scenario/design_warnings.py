"""Warnings of designs: settings that some deployments really have, and that do not do what their values say."""

from collections.abc import Iterator, Mapping
from math import inf

from simlib.scenario.combination_warnings import PlacedPart, warn_of_combinations
from simlib.scenario.design import Catalogue, ChosenPart, Design, RefreshPolicy
from simlib.scenario.presets import load_presets
from simlib.scenario.world import World

ENDS_WITH_TOKEN = ("ttl_s", "stale_while_revalidate_s", "stale_if_error_s")
"""Settings of parts that keep something about a token, which ends with it."""
LISTS = ("poll_s", "ttl_s")
"""Settings of wrappers that learn of revocations from a list: the age that the list may have."""
CHECKING = ("gateway", "service", "inner_service")
_OPTIONAL_HOSTS = ("gateway", "inner_service")


def list_design_warnings(design: Design, world: World, catalogue: Catalogue, where: str) -> tuple[str, ...]:
    """List what a design says without effect, a sentence each; ``where`` begins every one, before the key.

    Values of a preset are not looked at one by one: they are those of the product.
    """
    implied = _find_implied_parts(design.presets)
    everything = list_placed_parts(design, catalogue)
    placed = [part for part in everything if part.key not in design.presets and part.kind.name not in implied]
    found = (
        *(warning for part in placed for warning in _warn_of_lives(part, design.token_lifetime_s)),
        *(warning for part in placed for warning in _warn_of_retries(part)),
        *(warning for part in placed for warning in _warn_of_contradictions(part)),
        *warn_of_combinations(design, everything, world),
        *_warn_of_order(design, catalogue),
        *_warn_of_clients(design),
        *_warn_of_replicas(design),
    )
    return tuple(f"{where}.{warning}" for warning in found)


def list_placed_parts(design: Design, catalogue: Catalogue) -> tuple[PlacedPart, ...]:
    """List the parts at the places of a design, then its wrappers; inner services once if as the service."""
    repeated = "inner_service" if design.parts.get("inner_service") == design.parts["service"] else ""
    return (
        *(
            PlacedPart(place, catalogue[place][own.part], own.settings)
            for place, own in design.parts.items()
            if place != repeated
        ),
        *(
            PlacedPart(f"wrappers[{number}]", catalogue["wrappers"][own.part], own.settings)
            for number, own in enumerate(design.wrappers)
        ),
    )


def _find_implied_parts(presets: Mapping[str, str]) -> set[str]:
    known = load_presets() if presets else {}
    return {str(table.get("part")) for name in presets.values() if name in known for table in known[name].wrappers}


def _warn_of_lives(part: PlacedPart, life_s: float) -> Iterator[str]:
    if getattr(part.kind, "learns_from_lists", False):
        for name in LISTS:
            if getattr(part.settings, name, 0.0) >= life_s:
                yield f"{_compare(part, name, life_s)}: most revoked tokens end before they are refused here"
        return
    for name in ENDS_WITH_TOKEN:
        if getattr(part.settings, name, 0.0) > life_s:
            yield f"{_compare(part, name, life_s)}: what is kept ends with its token, so {life_s:g} would do the same"
    judges = part.key in CHECKING and getattr(part.settings, "own_clock", True)
    if judges and getattr(part.settings, "leeway_s", 0.0) >= life_s:
        yield f"{_compare(part, 'leeway_s', life_s)}: a token works for twice its life or longer"


def _compare(part: PlacedPart, name: str, life_s: float) -> str:
    value = getattr(part.settings, name)
    compared = "longer than" if value > life_s else "as long as"
    return f"{part.key}.{name} = {value:g} is {compared} token_lifetime_s = {life_s:g}"


def _warn_of_retries(part: PlacedPart) -> Iterator[str]:
    settings = part.settings
    if not hasattr(settings, "attempts"):
        return
    if settings.attempts == 1:
        yield f"{part.key}.attempts = 1 is the call itself: {part.kind.name} never retries"
    elif settings.budget == 0 and settings.burst == 0:
        yield f"{part.key}.budget = 0 with burst = 0 leaves no retries: {part.kind.name} never retries"


def _warn_of_contradictions(part: PlacedPart) -> Iterator[str]:
    """Settings of one part of which one takes the effect of another."""
    key, own = part.key, part.settings
    if getattr(own, "leeway_s", 0.0) > 0 and not getattr(own, "own_clock", True):
        yield f"{key}.leeway_s = {own.leeway_s:g} has no effect without {key}.own_clock = true"
    if getattr(own, "single_flight", False) and not getattr(part.kind, "caches_answers", True):
        yield f"{key}.single_flight = true shares an answer among requests at the same time only: no answer is kept"
    if getattr(own, "minimum_calls", 0) > getattr(own, "window_calls", inf):
        yield f"{key}.minimum_calls = {own.minimum_calls} are more than {key}.window_calls = {own.window_calls} hold"
    if getattr(own, "back_off_s", 0.0) > getattr(own, "longest_back_off_s", inf):
        yield f"{key}.back_off_s = {own.back_off_s:g} is cut to {key}.longest_back_off_s = {own.longest_back_off_s:g}"


def _warn_of_order(design: Design, catalogue: Catalogue) -> Iterator[str]:
    for number, (chosen, after) in enumerate(_list_followers(design.wrappers)):
        reasons: Mapping[str, str] = getattr(catalogue["wrappers"][chosen.part], "usually_after", {})
        for name in (name for name in reasons if name in after):
            yield f"wrappers[{number}]: {chosen.part} stands before {name}: {reasons[name]}"


def _list_followers(wrappers: tuple[ChosenPart, ...]) -> Iterator[tuple[ChosenPart, list[str]]]:
    for number, chosen in enumerate(wrappers):
        yield chosen, [later.part for later in wrappers[number + 1 :]]


def _warn_of_clients(design: Design) -> Iterator[str]:
    settings, life_s = design.get_settings("client"), design.token_lifetime_s
    client = PlacedPart("client", type(settings), settings)
    before_s, jitter_s = getattr(settings, "refresh_before_s", 0.0), getattr(settings, "refresh_jitter_s", 0.0)
    if before_s >= life_s:
        yield f"{_compare(client, 'refresh_before_s', life_s)}: the client gets a new token for every request"
    elif jitter_s > 0 and before_s + jitter_s >= life_s:
        yield (
            f"client.refresh_jitter_s = {jitter_s:g}, with refresh_before_s = {before_s:g}, takes up "
            f"token_lifetime_s = {life_s:g}: some tokens are used for one request only"
        )
    refresh_s = design.refresh.lifetime_s
    if refresh_s < life_s and design.refresh != RefreshPolicy():
        yield (
            f"refresh.lifetime_s = {refresh_s:g} is shorter than token_lifetime_s = {life_s:g}: "
            "a refresh token has ended when it is needed"
        )


def _warn_of_replicas(design: Design) -> Iterator[str]:
    for host in _OPTIONAL_HOSTS:
        count = design.replicas.get(host, 1)
        if count > 1 and host not in design.parts:
            yield f"replicas.{host} = {count} are those of a host that the design does not have"
