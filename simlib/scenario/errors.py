"""The one exception that a user's input may raise."""


class InputError(ValueError):
    """Something a user gave is unusable; the message is one line: file, key or row, and what is allowed."""
