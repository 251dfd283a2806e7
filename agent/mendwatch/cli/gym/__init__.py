"""The gym: a stage (what is built for a drill), a drill (what happens and what is asked), and a verdict (what must hold)."""
