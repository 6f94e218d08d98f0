"""Daily mixes and their titles."""
