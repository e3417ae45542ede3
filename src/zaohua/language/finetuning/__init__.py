"""Going on from a trained decoder: adapters, instruction tuning, preferences, continued pretraining."""
