"""Runs: planned, approved, applied, verified. Decisions are pure functions; the engine is the thin shell around them."""
