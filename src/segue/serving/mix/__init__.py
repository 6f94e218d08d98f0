"""Daily mixes over HTTP."""
