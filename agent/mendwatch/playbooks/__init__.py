"""Playbooks: the only importer of ansible_runner. One worker process per phase, behind the gate of its run directory."""
