"""Money: prices, the formulas of benefit and effort, and where they cross."""
