"""What the Platform API serves: one file per area, each giving a tuple of resources."""
