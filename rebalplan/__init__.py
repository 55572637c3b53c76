"""Terraform-style plan and apply for ETF model portfolios in several Interactive Brokers accounts."""

__version__ = "0.1.0"
