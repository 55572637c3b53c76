"""A deterministic simulation of the apply engine against a modelled broker and disk; ``docs/simulation.md``."""
