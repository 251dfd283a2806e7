"""Statistics keys: one table of descriptions with a value function each, and how a request over them is answered."""
