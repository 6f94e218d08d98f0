"""A taste profile in sentences, each with its number."""
