"""What listeners with the same history play: factors and item-item weights."""
