"""Mutants: small deliberate faults in a copy of the package, each of which a test must notice.

``python -m tests.mutants`` runs the faults that are written down in ``lists``, each against the test that must fail.
``python -m tests.mutants --sample 300 --seed 1`` makes faults by chance in the modules of ``modules`` and reports those
that pass unnoticed.
"""
