"""Settings, documented field by field, and the reading of every YAML file with its positions kept."""
