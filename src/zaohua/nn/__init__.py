"""Building blocks of every model; shapes in docstrings."""
