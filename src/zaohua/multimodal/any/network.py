"""The network that learns: the decoder, and the sight by which it reads pictures, if it has one."""

import torch
from torch import Tensor, nn

from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.multimodal.sight import Sight


class AnyNetwork(nn.Module):
    """places: that its eye sees apart; 0 for a network that reads pictures by their codes."""

    def __init__(self, config: DecoderConfig, places: int = 0) -> None:
        super().__init__()
        self.decoder = Decoder(config)
        self.sight = Sight(places, config.width, config.dropout) if places else None

    def forward(
        self, ids: Tensor, looking: tuple[Tensor, Tensor] | None = None, dropout_keys: Tensor | None = None
    ) -> Tensor:
        """Logits [b, T, V], see read_rows()."""
        return read_rows(self.decoder, self.sight, ids, looking, dropout_keys)


def read_rows(
    decoder: Decoder,
    sight: Sight | None,
    ids: Tensor,
    looking: tuple[Tensor, Tensor] | None = None,
    dropout_keys: Tensor | None = None,
) -> Tensor:
    """Logits [b, T, V]. ids: [b, T]; looking: rows that begin with a picture looked at, and what was seen there."""
    if looking is None:
        return decoder(ids, dropout_keys=dropout_keys)
    assert sight is not None
    rows, seen = looking
    vectors = sight(seen, None if dropout_keys is None else dropout_keys[rows])
    places = torch.arange(1, 1 + sight.tokens, device=ids.device)  # behind the picture's opening mark
    embedded = decoder.embed_tokens(ids)
    embedded = embedded.index_put((rows[:, None], places), vectors.to(embedded.dtype))
    return decoder.lm_head(decoder.hidden(ids, dropout_keys=dropout_keys, embedded=embedded))
