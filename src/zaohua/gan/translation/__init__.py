"""From one kind of picture to another: with pairs, with two kinds that have no pairs, one way or both (seed §2.3)."""
