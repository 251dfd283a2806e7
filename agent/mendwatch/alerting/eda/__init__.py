"""Takes over what an ansible-rulebook rulebook says, as far as it can be said as a rule, and tells what could not."""
