"""Texts for people and models, by Jinja in a sandbox; what is rendered here is never executed."""
