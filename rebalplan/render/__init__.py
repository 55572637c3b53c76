"""Turns plans, differences, findings and results into text, Markdown, HTML, CSV and JSON."""
