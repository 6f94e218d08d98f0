"""Listening histories as streaming services and scrobblers export them.

::

    files, folders, zips ──► part ──► row/ (text, JSON, tables) ──► service/ (one ExportFormat each)
                                                                            │
                          events ◄── merged, in order of time, on disk: spool ◄── listen

Every step holds a piece of the file at a time, so a file of any size takes the same memory. What a file
says is text and numbers to us: nothing of it is run, opened as a path, or fetched.
"""
