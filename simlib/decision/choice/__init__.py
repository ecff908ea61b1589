"""Which design: limits, one Monte-Carlo over everything uncertain, and what would turn the answer."""
