"""Models that look both ways: masked pretraining, classification, sentence vectors."""
