"""Commands that read and generate data."""
