"""The composition root: builds every part from the settings and runs them in one task group."""
