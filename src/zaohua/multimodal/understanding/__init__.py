"""Telling a class or a number from any set of texts, pictures, sounds, films and tables, whichever are missing."""
