"""The commands, one per file. Modules import what is heavy only inside their functions, so that --help is quick."""
