"""The CSV reports of an apply, made from plan and journal alone, so that they can be made again byte for byte."""
