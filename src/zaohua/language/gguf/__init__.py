"""GGUF, the form in which llama.cpp and its kin keep models: one file with shape, weights and tokeniser."""
