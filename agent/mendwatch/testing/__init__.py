"""Public fakes for tests, ours and third parties: a clock, a collector, a store in memory, an executor without Ansible."""
