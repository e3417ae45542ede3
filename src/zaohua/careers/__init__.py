"""What generative AI does to an occupation, activity by activity, and what to do about it."""
