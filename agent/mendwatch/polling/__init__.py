"""When a collector is due, what happens when it fails, and who gets what it read."""
