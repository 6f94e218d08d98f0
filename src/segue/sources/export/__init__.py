"""Reads listening histories that streaming services and scrobblers export.

::

    files, folders, zips ──► part ──► row/ (text, JSON, tables) ──► service/ (one ExportFormat each)
                                                                            │
                          events ◄── merged, in order of time, on disk: spool ◄── listen

Every step holds one piece of the file at a time, so memory does not grow with the file. The content of a file
is only text and numbers: it is never run, opened as a path, or fetched.
"""
