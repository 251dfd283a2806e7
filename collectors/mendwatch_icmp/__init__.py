"""Reachability by ICMP, for any target."""
