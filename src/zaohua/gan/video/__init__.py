"""Clips from noise: what is seen and how it moves, from codes of their own."""
