"""Trainer, optimisers, schedules, checkpoints, parallelism."""
