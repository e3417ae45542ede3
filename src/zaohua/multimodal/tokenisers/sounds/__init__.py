"""Sounds as some tens of tokens a second."""
