"""From speech to text: an encoder-decoder that reads log-mel spectra."""
