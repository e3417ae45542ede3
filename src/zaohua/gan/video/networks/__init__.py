"""Networks of clips: a walk through motions, a painter of frames, a discriminator of a few frames and their times."""
