"""Snapshots: their state, their schedules and settings, and the shape that the resources give them."""
