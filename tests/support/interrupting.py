"""Strikes: something that happens at the n-th line of the folder writer, an exception, a signal or a kill."""

import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator
from itertools import count
from types import FrameType, TracebackType
from typing import Any, Self

SWAP = ("folder_swap.py",)
WRITER = (*SWAP, "atomic_folder.py", "temporary_folder.py")
"""Files of the folder writer."""


class Strike:
    """Context in which ``act`` is called at the n-th line of some files, from 0; of ``bytecodes`` also at bytecodes.

    What it raises is raised at that line.
    """

    def __init__(
        self, number: int, act: Callable[[], object], files: Collection[str] = WRITER, bytecodes: Collection[str] = ()
    ) -> None:
        self._left = number
        self._act = act
        self._files = files
        self._bytecodes = bytecodes

    @property
    def has_fired(self) -> bool:
        """Whether there were so many lines."""
        return self._left < 0

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._count)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        sys.settrace(self._before)

    def _count(self, frame: FrameType, event: str, _argument: Any) -> Any:
        name = os.path.basename(frame.f_code.co_filename)
        if name not in self._files:
            return None
        frame.f_trace_opcodes = name in self._bytecodes
        if event in ("line", "opcode"):
            self._left -= 1
            if self._left == -1:
                self._act()
        return self._count


def list_strikes(
    act: Callable[[], object], files: Collection[str] = WRITER, bytecodes: Collection[str] = ()
) -> Iterator[Strike]:
    """Strikes at every line in turn; the last one does not fire, for the call was done before."""
    for number in count():
        strike = Strike(number, act, files, bytecodes)
        yield strike
        if not strike.has_fired:
            return


def press_ctrl_c() -> None:
    """Raise the exception of Ctrl-C, without a signal: also where signals are deferred."""
    raise KeyboardInterrupt


def kill_this_process() -> None:
    """End this process as a lack of memory would."""
    os.kill(os.getpid(), signal.SIGKILL)


def run_in_child(call: Callable[[], object]) -> int:
    """Make a call in a forked process; its status is 0, that of a failure, or minus the signal that ended it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        call()
        status = 0
    finally:
        os._exit(status)
