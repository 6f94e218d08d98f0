"""Commands that answer as the functions do."""
