"""What can be made to go wrong by name: one file per family of incidents, and a registry of all."""
