"""Radio stations over HTTP."""
