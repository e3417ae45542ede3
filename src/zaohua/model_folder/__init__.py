"""A model folder on the disk: config.json, safetensors, README.md. Nothing in it ever runs."""
