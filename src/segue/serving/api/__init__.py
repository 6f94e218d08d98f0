"""The HTTP application: requests, errors, tiers, cursors, logs and metrics."""
