"""Pictures of a taste as SVG, drawn by hand: nothing to install, and every name in them is escaped."""
