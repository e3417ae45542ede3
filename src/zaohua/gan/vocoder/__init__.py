"""A vocoder: from log-mel spectrograms to the sound, trained against discriminators."""
