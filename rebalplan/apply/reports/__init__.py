"""The CSV reports of an apply. They depend on plan and journal only, so that they can be made again byte for byte."""
