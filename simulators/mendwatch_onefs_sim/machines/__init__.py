"""The nodes as machines: drives, power, batteries, modes and partitions, and what happens to them."""
