"""Which files a value is, one module a family. Serving and training load with the same functions."""
