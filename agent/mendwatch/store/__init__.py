"""The state: runs, audit, tokens and alerts, behind one interface; every change of a run goes through one function."""
