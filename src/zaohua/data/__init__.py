"""Sources become items, items become batches."""
