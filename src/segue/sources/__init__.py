"""Readers of all data: shop databases, data sets, exports, the event lake, and the generated sample."""
