"""Warnings of designs: settings that some deployments really have, and that do not do what their values say."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from simlib.scenario.design import Catalogue, ChosenPart, Design, RefreshPolicy
from simlib.scenario.presets import load_presets

ENDS_WITH_TOKEN = ("ttl_s", "stale_while_revalidate_s", "stale_if_error_s")
"""Settings of parts that keep something about a token, which ends with it."""
LISTS = ("poll_s", "ttl_s")
"""Settings of wrappers that learn of revocations from a list: the age that the list may have."""
_OPTIONAL_HOSTS = ("gateway", "inner_service")


class _Placed(NamedTuple):
    key: str
    kind: type[Any]
    settings: Any


def list_design_warnings(design: Design, catalogue: Catalogue, where: str) -> tuple[str, ...]:
    """List what a design says without effect, a sentence each; ``where`` begins every one, before the key.

    Values of a preset are not looked at: they are those of the product.
    """
    placed = [*_list_places(design, catalogue), *_list_wrappers(design, catalogue)]
    found = (
        *(warning for part in placed for warning in _warn_of_lives(part, design.token_lifetime_s)),
        *(warning for part in placed for warning in _warn_of_retries(part)),
        *_warn_of_order(design, catalogue),
        *_warn_of_clients(design),
        *_warn_of_replicas(design),
    )
    return tuple(f"{where}.{warning}" for warning in found)


def _list_places(design: Design, catalogue: Catalogue) -> Iterator[_Placed]:
    for place, chosen in design.parts.items():
        if place not in design.presets:
            yield _Placed(place, catalogue[place][chosen.part], chosen.settings)


def _list_wrappers(design: Design, catalogue: Catalogue) -> Iterator[_Placed]:
    implied = _find_implied_parts(design.presets)
    for number, chosen in enumerate(design.wrappers):
        if chosen.part not in implied:
            yield _Placed(f"wrappers[{number}]", catalogue["wrappers"][chosen.part], chosen.settings)


def _find_implied_parts(presets: Mapping[str, str]) -> set[str]:
    known = load_presets() if presets else {}
    return {str(table.get("part")) for name in presets.values() if name in known for table in known[name].wrappers}


def _warn_of_lives(part: _Placed, life_s: float) -> Iterator[str]:
    if getattr(part.kind, "learns_from_lists", False):
        for name in LISTS:
            if getattr(part.settings, name, 0.0) >= life_s:
                yield f"{_compare(part, name, life_s)}: most revoked tokens end before they are refused here"
        return
    for name in ENDS_WITH_TOKEN:
        if getattr(part.settings, name, 0.0) > life_s:
            yield f"{_compare(part, name, life_s)}: what is kept ends with its token, so {life_s:g} would do the same"
    if getattr(part.settings, "leeway_s", 0.0) >= life_s:
        yield f"{_compare(part, 'leeway_s', life_s)}: a token works for twice its life or longer"


def _compare(part: _Placed, name: str, life_s: float) -> str:
    value = getattr(part.settings, name)
    compared = "longer than" if value > life_s else "as long as"
    return f"{part.key}.{name} = {value:g} is {compared} token_lifetime_s = {life_s:g}"


def _warn_of_retries(part: _Placed) -> Iterator[str]:
    settings = part.settings
    if not hasattr(settings, "attempts"):
        return
    if settings.attempts == 1:
        yield f"{part.key}.attempts = 1 is the call itself: {part.kind.name} never retries"
    elif settings.budget == 0 and settings.burst == 0:
        yield f"{part.key}.budget = 0 with burst = 0 leaves no retries: {part.kind.name} never retries"


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
    client = _Placed("client", type(settings), settings)
    if getattr(settings, "refresh_before_s", 0.0) >= life_s:
        yield f"{_compare(client, 'refresh_before_s', life_s)}: the client gets a new token for every request"
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
