"""Stations: what they start from, and which track comes next."""
