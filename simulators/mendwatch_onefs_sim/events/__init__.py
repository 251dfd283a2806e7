"""Event groups: their state and the shape that the resource gives them."""
