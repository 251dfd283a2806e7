"""The demo: a stage (what is built), scenes (what happens), and a verdict (what came of it)."""
