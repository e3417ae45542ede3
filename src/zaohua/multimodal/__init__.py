"""Several kinds of media in one model: fusion, contrastive towers, tokenisers, any-to-any."""
