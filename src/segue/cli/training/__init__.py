"""Commands that train, prepare and evaluate."""
