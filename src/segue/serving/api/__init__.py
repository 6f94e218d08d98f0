"""HTTP: the application, its requests and errors, tiers, cursors, logs and metrics."""
