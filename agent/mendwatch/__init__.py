"""mendwatch watches infrastructure and mends it when a rule or a person agrees."""
