"""Exposition: the family store of samples, the metrics of the agent itself, and their text."""
