"""Replication: policies on both sides, jobs, reports and settings, and the shape that the resources give them."""
