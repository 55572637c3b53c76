"""The broker adapter: Interactive Brokers through ``ib_insync``. Nothing else imports that library."""

from rebalplan.ibkr.broker import IbkrBroker

__all__ = ["IbkrBroker"]
