"""Why a rule did what it did, and why it did not: the values, the clocks and the guards behind it. Nothing here decides."""
