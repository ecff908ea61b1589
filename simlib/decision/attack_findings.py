"""Findings of an attack matrix, computed from its cells; every finding lists the cells that it is computed from."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from simlib.attacks import ATTACKS
from simlib.experiment.attack_matrix import Cell
from simlib.pentest.design_variants import is_sender_constrained
from simlib.strategies.vulnerable import VULNERABLE_PARTS

STOLEN = "replayed_bearer"
OPAQUE, JWT = "opaque", "jwt"


class Finding(NamedTuple):
    """``about``: the subject in one word; ``cells``: descriptions of the cells that it is computed from."""

    about: str
    sentence: str
    cells: tuple[str, ...]


def compute_findings(cells: Sequence[Cell]) -> tuple[Finding, ...]:
    """All findings that these cells support."""
    return tuple(
        finding
        for compute in (
            _compare_formats,
            _list_signed_only,
            _compare_bindings,
            _compare_formats_in_flows,
            _compare_flows,
            _find_vulnerable_flows,
            _find_vulnerable_parts,
        )
        for finding in compute(cells)
    )


def describe_cell(cell: Cell) -> str:
    """Place, attack and outcome of a cell."""
    attack_run = cell.attack_run
    where = cell.target.design.name if cell.group not in ("flows", "careless") else cell.setting
    if attack_run.outcome == "accepted":
        return f"{where} x {attack_run.attack}: accepted, {describe_acceptance(cell)}"
    return f"{where} x {attack_run.attack}: {attack_run.outcome} ({attack_run.check})"


def describe_acceptance(cell: Cell) -> str:
    """Duration of an acceptance: seconds, once, or until the run ended."""
    attack_run = cell.attack_run
    if attack_run.lasted:
        return "until the run ended"
    return "once" if attack_run.requests == 1 else f"{attack_run.seconds:.0f} s"


def _select_applicable(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.attack_run.outcome != "inapplicable"]


def _select_sound(cells: Sequence[Cell], *, bound: bool) -> list[Cell]:
    """Cells of sound designs with sender-constrained tokens (``bound``), or with bearer tokens."""
    sound = [cell for cell in _select_applicable(cells) if cell.group in ("designs", "bound", "catalogue")]
    return [cell for cell in sound if is_sender_constrained(cell.target.scenario, cell.target.design) == bound]


def _group_by_attack(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    matching: dict[str, list[Cell]] = {}
    for cell in cells:
        matching.setdefault(cell.attack_run.attack, []).append(cell)
    return matching


def _list_outcomes(cells: Iterable[Cell], token_format: str = "") -> set[str]:
    return {cell.attack_run.outcome for cell in cells if cell.token_format == token_format or not token_format}


def _describe_cells(cells: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(map(describe_cell, cells))


# --- the format ------------------------------------------------------------------------------------------------------


def _compare_formats(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Attacks that a JWT withstands and an opaque token does not, where both can be attacked."""
    by_attack = {
        attack: matching
        for attack, matching in _group_by_attack(_select_sound(cells, bound=False)).items()
        if _list_outcomes(matching, OPAQUE) and _list_outcomes(matching, JWT)
    }
    if not by_attack:
        return
    alike = [
        a
        for a, matching in by_attack.items()
        if len(_list_outcomes(matching, OPAQUE) | _list_outcomes(matching, JWT)) == 1
    ]
    better = [
        a for a, matching in by_attack.items() if "accepted" not in _list_outcomes(matching, JWT) and a not in alike
    ]
    other = [a for a in by_attack if a not in alike]
    refused = _count_names(better, "is refused", "are refused")
    sentence = (
        f"Of {_count_attacks(len(by_attack))} that can be tried on opaque tokens and on JWTs, {len(alike)} have "
        f"the same outcome for both formats; {refused} by every JWT and accepted "
        f"with some opaque token."
    )
    others = [by_attack[attack] for attack in other]
    if other:
        sentence += (
            f" The others are accepted by some designs of a format: {'; '.join(map(_describe_shares, other, others))}."
        )
    yield Finding("format", sentence, _describe_cells(cell for matching in by_attack.values() for cell in matching))


def _describe_shares(attack: str, matching: Sequence[Cell]) -> str:
    """Numbers of designs of each format that accept an attack."""
    shares = []
    for token_format in (OPAQUE, JWT):
        accepted = [cell.attack_run.outcome == "accepted" for cell in matching if cell.token_format == token_format]
        shares.append(f"{token_format} {sum(accepted)} of {len(accepted)}")
    return f"{attack} ({', '.join(shares)})"


def _list_signed_only(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Attacks that are possible on JWTs only."""
    by_attack = _group_by_attack(_select_sound(cells, bound=False))
    only = {a: f for a, f in by_attack.items() if _list_outcomes(f, JWT) and not _list_outcomes(f, OPAQUE)}
    if not only or not any(cell.token_format == OPAQUE for cell in cells):
        return
    tried = [cell for matching in only.values() for cell in matching if cell.token_format == JWT]
    through = sorted({cell.attack_run.attack for cell in tried if cell.attack_run.outcome == "accepted"})
    ending = f"Accepted somewhere: {', '.join(through)}." if through else "Every design that verifies refuses them all."
    sentence = (
        f"{_count_attacks(len(only), 'further ')} can be tried on JWTs and not on opaque tokens, where there is "
        f"nothing to forge: {', '.join(only)}. {ending}"
    )
    yield Finding("format", sentence, _describe_cells(tried))


# --- binding and flow ------------------------------------------------------------------------------------------------


def _compare_bindings(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Replay of a stolen token with and without sender constraint."""
    stolen = [cell for cell in cells if cell.attack_run.attack == STOLEN]
    bound, free = _select_sound(stolen, bound=True), _select_sound(stolen, bound=False)
    if not bound or not free:
        return
    refused = sum(cell.attack_run.outcome == "refused" for cell in bound)
    accepted = sum(cell.attack_run.outcome == "accepted" for cell in free)
    sentence = (
        f"A stolen token is refused by {refused} of {len(bound)} designs that bind tokens to a key of the client, and "
        f"accepted by {accepted} of {len(free)} that do not, whatever its format."
    )
    yield Finding("binding", sentence, _describe_cells([*bound, *free]))


def _compare_flows(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Attacks that some sound flows stop and others do not."""
    ran = _group_by_attack(_select_unbound_flows(cells))
    deciding = {attack: matching for attack, matching in ran.items() if len(_list_outcomes(matching)) > 1}
    for attack, matching in deciding.items():
        accepted, refused = (_list_settings(matching, word) for word in ("accepted", "refused"))
        sentence = f"{attack} is accepted with {', '.join(accepted)} and refused with {', '.join(refused)}."
        yield Finding("flow", sentence, _describe_cells(matching))


def _select_unbound_flows(cells: Sequence[Cell]) -> list[Cell]:
    """Cells of sound flows with bearer tokens, so that no effect of a binding is taken for one of flow or format."""
    flows = [cell for cell in _select_applicable(cells) if cell.group == "flows"]
    return [cell for cell in flows if not is_sender_constrained(cell.target.scenario, cell.target.design)]


def _find_vulnerable_flows(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Attacks that flows or servers without a check accept, and that sound ones refuse or end."""
    sound: dict[tuple[str, str], list[Cell]] = {}
    for cell in _select_applicable(cells):
        if cell.group in ("designs", "flows"):
            sound.setdefault(_find_place(cell), []).append(cell)
    lacking: dict[str, list[Cell]] = {}
    for cell in cells:
        sound_cells = sound.get(_find_place(cell))
        if cell.group == "careless" and sound_cells and _is_worse(cell, sound_cells):
            lacking.setdefault(cell.setting, []).append(cell)
    for setting, matching in lacking.items():
        attacks = ", ".join(f"{cell.attack_run.attack} ({describe_acceptance(cell)})" for cell in matching)
        yield Finding(
            "flow",
            f"{setting} accepts attacks that complete flows refuse or end: {attacks}.",
            _describe_cells(matching),
        )


def _find_place(cell: Cell) -> tuple[str, str]:
    """The attack, and for an attack on flows the kind of client."""
    attack = cell.attack_run.attack
    return attack, cell.target.kind if ATTACKS[attack].against == "flow" else ""


def _is_worse(cell: Cell, sound: Sequence[Cell]) -> bool:
    if cell.attack_run.outcome != "accepted":
        return False
    return _list_outcomes(sound) == {"refused"} or (
        cell.attack_run.lasted and not any(c.attack_run.lasted for c in sound)
    )


def _list_settings(cells: Iterable[Cell], word: str) -> list[str]:
    return list(dict.fromkeys(cell.setting for cell in cells if cell.attack_run.outcome == word))


def _compare_formats_in_flows(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Outcomes of attacks on flows by token format."""
    settings: dict[tuple[str, str], list[Cell]] = {}
    for cell in _select_unbound_flows(cells):
        settings.setdefault((cell.attack_run.attack, cell.setting), []).append(cell)
    pairs = {key: matching for key, matching in settings.items() if len({cell.token_format for cell in matching}) > 1}
    if not pairs:
        return
    same = [key for key, matching in pairs.items() if len(_list_outcomes(matching)) == 1]
    left_out = len(_select_unbound_flows(cells)) < sum(cell.group == "flows" for cell in _select_applicable(cells))
    sentence = (
        f"In {len(same)} of {len(pairs)} pairs of attack and flow the word is the same for every token format of the "
        f"scenario{', designs that bind tokens to a key left aside' if left_out else ''}."
    )
    yield Finding("flow", sentence, _describe_cells(cell for matching in pairs.values() for cell in matching))


# --- signature and claims --------------------------------------------------------------------------------------------


def _find_vulnerable_parts(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Attacks that a part without a check accepts, and that the sound part in its place refuses or ends."""
    sound = {(c.target.design.name, c.attack_run.attack): c for c in cells if c.group == "sound"}
    for name, matching in _group_by_design(cell for cell in cells if cell.group == "victims").items():
        pairs = [(cell, sound.get((_SOUND_PARTS[name], cell.attack_run.attack))) for cell in matching]
        worse = [(cell, other) for cell, other in pairs if other is not None and _is_worse(cell, (other,))]
        if worse:
            attacks = ", ".join(f"{cell.attack_run.attack} ({describe_acceptance(cell)})" for cell, _ in worse)
            sentence = f"{name} accepts what {_SOUND_PARTS[name]} refuses or ends: {attacks}."
            yield Finding("check", sentence, _describe_cells(cell for pair in worse for cell in pair))


_SOUND_PARTS = {name: kind.instead for parts in VULNERABLE_PARTS.values() for name, kind in parts.items()}


def _group_by_design(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    matching: dict[str, list[Cell]] = {}
    for cell in cells:
        matching.setdefault(cell.target.design.name, []).append(cell)
    return matching


def _count_attacks(count: int, which: str = "") -> str:
    return f"{count} {which}attack{'' if count == 1 else 's'}"


def _count_names(names: Sequence[str], one: str, many: str) -> str:
    if not names:
        return f"none {one}"
    return f"{len(names)} ({', '.join(names)}) {one if len(names) == 1 else many}"
