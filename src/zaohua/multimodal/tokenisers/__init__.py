"""Tokenisers: pictures and sounds as short rows of whole numbers, and back, so that a language model can read and write
them."""
