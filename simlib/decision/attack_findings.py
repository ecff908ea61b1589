"""What a matrix of attacks shows, computed from its cells; every finding names those that it rests on."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from simlib.attacks import ATTACKS
from simlib.experiment.attack_matrix import Cell
from simlib.pentest.targets import binds
from simlib.strategies.vulnerable import VICTIMS

STOLEN = "replayed_bearer"
OPAQUE, JWT = "opaque", "jwt"


class Finding(NamedTuple):
    """``about`` is one word for what it is about; ``cells`` are those that it was computed from, in words."""

    about: str
    sentence: str
    cells: tuple[str, ...]


def find(cells: Sequence[Cell]) -> tuple[Finding, ...]:
    """All that these cells allow to be said; nothing about what was not run."""
    return tuple(
        finding
        for compute in (_format, _only_signed, _binding, _flows_alike, _flow, _careless, _signature)
        for finding in compute(cells)
    )


def cell_words(cell: Cell) -> str:
    """Where, which attack, and how it ended."""
    encounter = cell.encounter
    where = cell.ground.design.name if cell.group not in ("flows", "careless") else cell.setting
    if encounter.outcome == "accepted":
        return f"{where} x {encounter.attack}: accepted, {how_long(cell)}"
    return f"{where} x {encounter.attack}: {encounter.outcome} ({encounter.check})"


def how_long(cell: Cell) -> str:
    """How long something was accepted: seconds, once, or until the run ended."""
    encounter = cell.encounter
    if encounter.lasted:
        return "until the run ended"
    return "once" if encounter.requests == 1 else f"{encounter.seconds:.0f} s"


def _applicable(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.encounter.outcome != "inapplicable"]


def _sound(cells: Sequence[Cell], *, bound: bool) -> list[Cell]:
    """Of sound designs whose tokens are of use to whoever has them, or only with a key of their client."""
    sound = [cell for cell in _applicable(cells) if cell.group in ("designs", "bound", "catalogue")]
    return [cell for cell in sound if binds(cell.ground.scenario, cell.ground.design) == bound]


def _by_attack(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.encounter.attack, []).append(cell)
    return found


def _words(cells: Iterable[Cell], token_format: str = "") -> set[str]:
    return {cell.encounter.outcome for cell in cells if cell.token_format == token_format or not token_format}


def _told(cells: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(map(cell_words, cells))


# --- the format ------------------------------------------------------------------------------------------------------


def _format(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Whether a JWT refuses anything that an opaque token does not, where both are checked."""
    by_attack = {
        attack: found
        for attack, found in _by_attack(_sound(cells, bound=False)).items()
        if _words(found, OPAQUE) and _words(found, JWT)
    }
    if not by_attack:
        return
    alike = [a for a, found in by_attack.items() if len(_words(found, OPAQUE) | _words(found, JWT)) == 1]
    better = [a for a, found in by_attack.items() if "accepted" not in _words(found, JWT) and a not in alike]
    other = [a for a in by_attack if a not in alike]
    sentence = (
        f"Of {_attacks(len(by_attack))} that can be tried on opaque tokens and on JWTs, {len(alike)} end with the same "
        f"word for both formats; {_count(better, 'is refused', 'are refused')} by every JWT and accepted with some "
        f"opaque token."
    )
    others = [by_attack[attack] for attack in other]
    if other:
        sentence += f" The others are accepted by some designs of a format: {'; '.join(map(_shares, other, others))}."
    yield Finding("format", sentence, _told(cell for found in by_attack.values() for cell in found))


def _shares(attack: str, found: Sequence[Cell]) -> str:
    """How many designs of each format accept it."""
    told = []
    for token_format in (OPAQUE, JWT):
        own = [cell.encounter.outcome == "accepted" for cell in found if cell.token_format == token_format]
        told.append(f"{token_format} {sum(own)} of {len(own)}")
    return f"{attack} ({', '.join(told)})"


def _only_signed(cells: Sequence[Cell]) -> Iterator[Finding]:
    """What only a JWT gives an attacker to try."""
    by_attack = _by_attack(_sound(cells, bound=False))
    only = {a: f for a, f in by_attack.items() if _words(f, JWT) and not _words(f, OPAQUE)}
    if not only or not any(cell.token_format == OPAQUE for cell in cells):
        return
    tried = [cell for found in only.values() for cell in found if cell.token_format == JWT]
    through = sorted({cell.encounter.attack for cell in tried if cell.encounter.outcome == "accepted"})
    ending = f"Accepted somewhere: {', '.join(through)}." if through else "Every design that verifies refuses them all."
    sentence = (
        f"{_attacks(len(only), 'further ')} can be tried on JWTs and not on opaque tokens, where there is nothing to "
        f"forge: {', '.join(only)}. {ending}"
    )
    yield Finding("format", sentence, _told(tried))


# --- binding and flow ------------------------------------------------------------------------------------------------


def _binding(cells: Sequence[Cell]) -> Iterator[Finding]:
    """What a stolen token is worth with and without a key of its client."""
    stolen = [cell for cell in cells if cell.encounter.attack == STOLEN]
    bound, free = _sound(stolen, bound=True), _sound(stolen, bound=False)
    if not bound or not free:
        return
    refused = sum(cell.encounter.outcome == "refused" for cell in bound)
    accepted = sum(cell.encounter.outcome == "accepted" for cell in free)
    sentence = (
        f"A stolen token is refused by {refused} of {len(bound)} designs that bind tokens to a key of the client, and "
        f"accepted by {accepted} of {len(free)} that do not, whatever its format."
    )
    yield Finding("binding", sentence, _told([*bound, *free]))


def _flow(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Which sound flows stop an attack that others do not."""
    ran = _by_attack(_free_flows(cells))
    deciding = {attack: found for attack, found in ran.items() if len(_words(found)) > 1}
    for attack, found in deciding.items():
        accepted, refused = (_settings(found, word) for word in ("accepted", "refused"))
        sentence = f"{attack} is accepted with {', '.join(accepted)} and refused with {', '.join(refused)}."
        yield Finding("flow", sentence, _told(found))


def _free_flows(cells: Sequence[Cell]) -> list[Cell]:
    """Sound flows under designs that bind no tokens, so that a binding is not taken for what flow or format do."""
    flows = [cell for cell in _applicable(cells) if cell.group == "flows"]
    return [cell for cell in flows if not binds(cell.ground.scenario, cell.ground.design)]


def _careless(cells: Sequence[Cell]) -> Iterator[Finding]:
    """What goes through where a flow or a server leaves a check out: what sound ones refuse, or end at some time."""
    sound: dict[tuple[str, str], list[Cell]] = {}
    for cell in _applicable(cells):
        if cell.group in ("designs", "flows"):
            sound.setdefault(_place(cell), []).append(cell)
    lacking: dict[str, list[Cell]] = {}
    for cell in cells:
        known = sound.get(_place(cell))
        if cell.group == "careless" and known and _is_worse(cell, known):
            lacking.setdefault(cell.setting, []).append(cell)
    for setting, found in lacking.items():
        attacks = ", ".join(f"{cell.encounter.attack} ({how_long(cell)})" for cell in found)
        yield Finding("flow", f"{setting} accepts what sound flows refuse or end: {attacks}.", _told(found))


def _place(cell: Cell) -> tuple[str, str]:
    """The attack, and for an attack on flows the kind of client."""
    attack = cell.encounter.attack
    return attack, cell.ground.kind if ATTACKS[attack].against == "flow" else ""


def _is_worse(cell: Cell, sound: Sequence[Cell]) -> bool:
    if cell.encounter.outcome != "accepted":
        return False
    return _words(sound) == {"refused"} or (cell.encounter.lasted and not any(c.encounter.lasted for c in sound))


def _settings(cells: Iterable[Cell], word: str) -> list[str]:
    return list(dict.fromkeys(cell.setting for cell in cells if cell.encounter.outcome == word))


def _flows_alike(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Whether the format changes anything about an attack on a flow."""
    settings: dict[tuple[str, str], list[Cell]] = {}
    for cell in _free_flows(cells):
        settings.setdefault((cell.encounter.attack, cell.setting), []).append(cell)
    pairs = {key: found for key, found in settings.items() if len({cell.token_format for cell in found}) > 1}
    if not pairs:
        return
    same = [key for key, found in pairs.items() if len(_words(found)) == 1]
    left_out = len(_free_flows(cells)) < sum(cell.group == "flows" for cell in _applicable(cells))
    sentence = (
        f"In {len(same)} of {len(pairs)} pairs of attack and flow the word is the same for every token format of the "
        f"scenario{', designs that bind tokens to a key left aside' if left_out else ''}."
    )
    yield Finding("flow", sentence, _told(cell for found in pairs.values() for cell in found))


# --- signature and claims --------------------------------------------------------------------------------------------


def _signature(cells: Sequence[Cell]) -> Iterator[Finding]:
    """What goes through where a part leaves a check out, and not with the sound part in its place."""
    sound = {(c.ground.design.name, c.encounter.attack): c for c in cells if c.group == "sound"}
    for name, found in _by_design(cell for cell in cells if cell.group == "victims").items():
        pairs = [(cell, sound.get((_INSTEAD[name], cell.encounter.attack))) for cell in found]
        worse = [(cell, other) for cell, other in pairs if other is not None and _is_worse(cell, (other,))]
        if worse:
            attacks = ", ".join(f"{cell.encounter.attack} ({how_long(cell)})" for cell, _ in worse)
            sentence = f"{name} accepts what {_INSTEAD[name]} refuses or ends: {attacks}."
            yield Finding("check", sentence, _told(cell for pair in worse for cell in pair))


_INSTEAD = {name: kind.instead for parts in VICTIMS.values() for name, kind in parts.items()}


def _by_design(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.ground.design.name, []).append(cell)
    return found


def _attacks(count: int, which: str = "") -> str:
    return f"{count} {which}attack{'' if count == 1 else 's'}"


def _count(names: Sequence[str], one: str, many: str) -> str:
    if not names:
        return f"none {one}"
    return f"{len(names)} ({', '.join(names)}) {one if len(names) == 1 else many}"
