"""Economics of a decision: prices, cost and investment formulas, and crossings of curves."""
