"""A staff list as hours of work that generative AI could take half the time from; never as people too many."""
