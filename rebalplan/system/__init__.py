"""The machine behind its ports: clock, disk and files."""
