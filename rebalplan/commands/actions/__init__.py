"""The actions of the commands, after their arguments are read."""
