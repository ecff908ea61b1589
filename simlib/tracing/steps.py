"""Step of a trace: one effect of one host, such as a piece of work, a message, or access to a store."""

from typing import Any, Literal, NamedTuple

from simlib.scenario.messages import (
    SharedGet,
    SharedPut,
    StoreConsume,
    StoreGet,
    StorePut,
    StoreRevoke,
    StoreRevokedSince,
)

StepKind = Literal["work", "request", "reply", "store", "wait"]

_VERBS: dict[type[Any], str] = {
    **{StoreGet: "get", StorePut: "put", StoreRevoke: "revoke", StoreConsume: "consume", StoreRevokedSince: "list"},
    **{SharedGet: "get", SharedPut: "put"},
}


class Step(NamedTuple):
    """One effect. A call between hosts makes two: the request, and the reply that the callee sends back.

    ``number`` counts from 1 through the whole trace, ``instant`` is in seconds. ``party`` is the host where it happens
    and ``other`` the host that a message goes to. ``what``: the operation of work, or the target of a message, with the
    verb ("store.put") when it goes to a store. ``size`` in bytes, head included. ``status`` belongs to replies; 0
    stands for an answer without a status. ``depth``: the number of enclosing calls. ``behind``: no request waits for
    it. ``by_itself``: no request caused it either, such as polling.

    The names of the fields are keys of the JSON output.
    """

    phase: str
    number: int
    instant: float
    party: str
    kind: StepKind
    what: str
    other: str = ""
    size: int = 0
    status: int = 0
    depth: int = 0
    behind: bool = False
    by_itself: bool = False


def name_target(target: str, request: Any) -> str:
    """Return a target without its region, and with the verb of a request to a store."""
    name, verb = target.partition("@")[0], _VERBS.get(type(request))
    return name if verb is None else f"{name}.{verb}"
