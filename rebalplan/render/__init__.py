"""What people read on a terminal: plans, findings, the simulated world."""
