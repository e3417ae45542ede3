"""Families of published models that a model of ours can be read from and written as."""

from zaohua.language.families import bert, gpt2, llama
from zaohua.language.families.base import Config, Family

_FAMILIES: tuple[Family, ...] = (llama, gpt2, bert)
FAMILIES: dict[str, Family] = {kind: family for family in _FAMILIES for kind in family.MODEL_TYPES}
"""model_type of config.json -> its family."""


def family_for(config: Config) -> Family | None:
    """The family in whose form a model of this shape is saved; None if it has the shape of none."""
    return next((family for family in _FAMILIES if family.fits(config)), None)
