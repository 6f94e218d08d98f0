"""Divides the text of a file into rows: JSON, separated text, and property lists."""
