"""The one exception that a user's input may raise."""


class InputError(ValueError):
    """Something a user gave is unusable; the message is one line: file, key or row, and what is allowed.

    What cannot be printed, line breaks included, is shown escaped: names in messages come from files.
    """

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))
