"""Pictures from noise: the task, its measures, and the trained model."""
