"""Development effort: work items hung on the parts of designs."""
