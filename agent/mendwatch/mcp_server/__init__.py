"""MCP: what a model may ask, and what a person may decide through one."""
