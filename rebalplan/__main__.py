"""``python -m rebalplan`` is the same command as ``rebal``."""

from rebalplan.commands import main

if __name__ == "__main__":
    main()
