"""Encoder-decoders: one text in, another one out."""
