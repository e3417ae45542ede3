"""Sounds from noise: a generator of log-mel spectrograms or of waves, by class."""
