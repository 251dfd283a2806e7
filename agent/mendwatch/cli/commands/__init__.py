"""One file per command; each turns arguments into calls and results into lines."""
