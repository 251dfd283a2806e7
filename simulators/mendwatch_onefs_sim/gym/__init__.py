"""The gym's cluster: what each incident must come to, all of its state as facts, and the hand that starts and watches it."""
