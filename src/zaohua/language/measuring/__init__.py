"""What a language model writes and chooses, measured beside real unseen text."""
