"""Who made a file: the AIGC metadata of GB 45438-2025 (Annex E) and IPTC's digital source type, as plain values."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_ALLOWED = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]*")  # Annex E: no space, quote, backslash or Chinese


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What a label says.

    produce_id: names this content (a hash of it). model: what made it. created: UTC, ISO 8601; now if left out.
    label: "1" made by AI, "2" perhaps, "3" suspected. The propagator is the producer until somebody passes it on.
    reserved: the two ReservedCode fields (a hash or signature).
    """

    produce_id: str
    model: str = ""
    created: str = ""
    producer: str = "zaohua"
    label: str = "1"
    propagator: str = ""
    propagate_id: str = ""
    reserved: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        defaults = {"created": _now(), "propagator": self.producer, "propagate_id": self.produce_id}
        for name, value in defaults.items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)

    def aigc(self) -> dict[str, str]:
        """The seven fields of the standard. Raises ValueError for a character it does not allow."""
        fields = {
            "Label": self.label,
            "ContentProducer": self.producer,
            "ProduceID": self.produce_id,
            "ReservedCode1": self.reserved[0],
            "ContentPropagator": self.propagator,
            "PropagateID": self.propagate_id,
            "ReservedCode2": self.reserved[1],
        }
        for name, value in fields.items():
            if not _ALLOWED.fullmatch(value):
                raise ValueError(f"{name} may hold ASCII letters, digits and marks but no space, quote or backslash")
        return fields

    def tags(self) -> dict[str, str]:
        """The same as named text values, for formats that hold such; the names are those of the XMP properties."""
        aigc = json.dumps({"AIGC": self.aigc()}, separators=(",", ":"))
        return {
            "AIGC": aigc,
            "DigitalSourceType": SOURCE_TYPE,
            "AISystemUsed": self.model,
            "CreateDate": self.created,
        }

    @classmethod
    def from_tags(cls, tags: dict[str, str]) -> "Provenance | None":
        """The inverse of tags(), blind to case; None where there is no readable AIGC value."""
        lower = {name.lower(): value for name, value in tags.items()}
        try:
            aigc = json.loads(lower.get("aigc", ""))
        except (ValueError, RecursionError):
            return None
        return cls.from_aigc(aigc, model=lower.get("aisystemused", ""), created=lower.get("createdate", ""))

    @classmethod
    def from_aigc(cls, aigc: Any, *, model: str = "", created: str = "") -> "Provenance | None":
        """From the seven fields, alone or inside {"AIGC": …} (both are in use); None if they are not that."""
        inner = aigc.get("AIGC", aigc) if isinstance(aigc, dict) else None
        if not isinstance(inner, dict) or "Label" not in inner:
            return None
        get = {name: str(value) for name, value in inner.items()}.get
        return cls(
            label=get("Label", ""),
            producer=get("ContentProducer", ""),
            produce_id=get("ProduceID", ""),
            propagator=get("ContentPropagator", ""),
            propagate_id=get("PropagateID", ""),
            reserved=(get("ReservedCode1", ""), get("ReservedCode2", "")),
            model=model,
            created=created,
        )
