"""Reads tables in various spellings: their cells, columns, ids, units and times."""
