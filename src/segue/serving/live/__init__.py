"""What is live: loaded once, refreshed, and kept when the store fails."""
