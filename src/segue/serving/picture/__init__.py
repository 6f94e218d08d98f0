"""Pictures of a taste as SVG, written without a library; every name in them is escaped."""
