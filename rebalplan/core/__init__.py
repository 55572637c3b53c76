"""The vocabulary that every other package shares: money, orders, policy, errors and ports. Pure."""
