"""A OneFS cluster over HTTPS, for the demo, the tests and rehearsals of playbooks."""
