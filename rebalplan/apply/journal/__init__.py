"""The journal of an apply: append-only, hash-chained; the result of an apply is the journal replayed."""
