"""One file for each step, named by its number and what it was for."""
