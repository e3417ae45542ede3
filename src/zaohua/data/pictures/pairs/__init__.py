"""Pictures and what they are to become: pairs of one scene, or two kinds of picture without partners."""

from zaohua.data.pictures.pairs.config import PairConfig
from zaohua.data.pictures.pairs.read import Pairs, Side, read_pairs
from zaohua.data.pictures.pairs.sheet import pair_sheet, write_pair_sheet

__all__ = ["PairConfig", "Pairs", "Side", "pair_sheet", "read_pairs", "write_pair_sheet"]
