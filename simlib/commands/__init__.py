"""Commands of simlib, one per file. Heavy modules are imported inside functions, so that --help is quick."""
