"""Keys of the tests, those of `simlib.contracts`: made once per algorithm and name, because RSA keys take long."""

from simlib.contracts.configuration import make_impostor_key, make_key

key, impostor = make_key, make_impostor_key

__all__ = ["impostor", "key"]
