"""Generative adversarial networks (seed §2.3, §3.2, §4.2)."""
