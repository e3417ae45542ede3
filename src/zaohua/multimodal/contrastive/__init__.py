"""Pictures (or sounds) and sentences in one space: two towers that learn which belong together."""
