"""What was measured lately, for questions about the past; in memory for now, with PromQL selectors."""
