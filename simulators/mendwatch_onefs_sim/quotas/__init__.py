"""Quotas: their state, their rules and the shape that each version of the resource gives them."""
