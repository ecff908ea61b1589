"""Choice among designs: limits, one Monte-Carlo over everything uncertain, ranking and sensitivity."""
