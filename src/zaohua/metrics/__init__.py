"""Pure functions of numbers and features."""
