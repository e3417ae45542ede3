"""Language models: tokeniser, decoder, pretraining, generation."""
