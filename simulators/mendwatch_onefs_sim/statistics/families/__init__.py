"""The keys, one file per area; each gives a tuple of them."""
