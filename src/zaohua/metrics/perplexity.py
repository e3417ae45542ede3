"""How well a model predicts text: loss, perplexity and bits per byte are one number in three units."""

import math


def perplexity(loss: float) -> float:
    """exp(loss): among how many equally likely tokens the model hesitates. loss: mean nats per token."""
    return math.exp(loss) if loss < 709 else math.inf  # exp(710) is beyond a double


def bits_per_byte(nats: float, num_bytes: int) -> float:
    """nats / (ln 2 · bytes): the size, per byte of UTF-8 text, to which the model would compress it.

    The only one of the three that can be compared between tokenisers. nats: summed over all tokens of the text;
    num_bytes: that text's length in UTF-8. Raises ValueError if there are no bytes.
    """
    if num_bytes <= 0:
        raise ValueError(f"bits per byte need text of at least one byte, not {num_bytes}")
    return nats / (math.log(2) * num_bytes)


def scores(nats: float, num_tokens: int, num_bytes: int) -> dict[str, float]:
    """loss, perplexity and bits_per_byte of a text that cost `nats` in all. Raises ValueError on an empty text."""
    if num_tokens <= 0:
        raise ValueError(f"a loss needs at least one token, not {num_tokens}")
    loss = nats / num_tokens
    return {"loss": loss, "perplexity": perplexity(loss), "bits_per_byte": bits_per_byte(nats, num_bytes)}
