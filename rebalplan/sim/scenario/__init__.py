"""The scenario file: its keys, how it is read, what it says."""
