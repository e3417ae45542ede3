"""Pictures as 8 × 8 tokens each."""
