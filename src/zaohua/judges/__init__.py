"""Networks that judge what is made: pinned extractors of features, and a fresh classifier of real and fake."""
