"""Networks from picture to picture, of any size, and what judges such a picture piece by piece."""
