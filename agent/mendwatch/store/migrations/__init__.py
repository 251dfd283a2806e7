"""How the tables came to be, step by step: what brings a state database of any older version up to date."""
