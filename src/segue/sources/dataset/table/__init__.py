"""Tables of any spelling: cells, columns, ids, units and times."""
