"""Open load: requests that come at given instants, whatever becomes of those before them."""

from collections.abc import Callable
from typing import Any

from simlib.engine.driver import Driver
from simlib.engine.hosts import Handler, Replica
from simlib.engine.kernel import Callbacks, Kernel
from simlib.engine.task import Task


def admit(
    kernel: Kernel,
    driver: Driver,
    times: list[float],
    host: Replica,
    entry: Handler,
    begin: Callable[[Task], Any] | None,
    hosts: list[Replica] | None = None,
) -> None:
    """Let request i start at ``times[i]`` (seconds) with the generator ``entry(i)`` or ``entry(begin(task))``.

    It starts on ``host``, or on ``hosts[i]``. Only one arrival at a time is in the event list.
    """
    count = len(times)
    schedule_at = kernel.schedule_at
    new_task, spare, advance = driver.task, driver.spare, driver.advance

    def schedule(number: int) -> None:
        if number < count:
            task = spare.pop() if spare else new_task(number, number)
            task.subject = task.key = number
            task.callbacks = on_arrival
            schedule_at(task, times[number], number)

    def arrive(task: Task) -> None:
        number = task.subject
        schedule(number + 1)
        task.arrival = times[number]
        task.host = host if hosts is None else hosts[number]
        task.send = entry(number if begin is None else begin(task)).send
        advance(task, None)

    on_arrival: Callbacks = [arrive]
    schedule(0)
