"""Health, and what is live, for operators."""
