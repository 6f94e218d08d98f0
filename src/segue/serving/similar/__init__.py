"""Similar tracks over HTTP."""
