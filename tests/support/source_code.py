"""Source code without what does not run: for tests that count the files that name something."""

import io
import tokenize
from pathlib import Path


def read_code(path: Path) -> str:
    """Read a file without its comments and without texts that stand alone, such as docstrings."""
    kept, begins = [], True
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT or (begins and token.type == tokenize.STRING):
            continue
        kept.append(token.string)
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            begins = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    return " ".join(kept)
