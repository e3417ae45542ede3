"""One decoder that reads and writes text, pictures, sounds and films, all as tokens of one vocabulary."""
