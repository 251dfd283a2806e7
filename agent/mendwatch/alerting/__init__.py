"""Rules: loading, type-checking, deciding. Decisions are pure functions of (rule, record, previous state, now)."""
