"""The XMP packet that pictures carry (ISO 16684-1): TC260's AIGC property and IPTC's (Photo Metadata 2025.1)."""

import json
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from zaohua.labels.provenance import Provenance

_NAMESPACES = {
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
_PROPERTIES = {
    "AIGC": "TC260",
    "DigitalSourceType": "Iptc4xmpExt",
    "AISystemUsed": "Iptc4xmpExt",
    "CreateDate": "xmp",
}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LARGEST = 1 << 20  # bytes; ours are about 1000


def packet(provenance: Provenance) -> bytes:
    """The label as a whole XMP packet. The property is called AIGC, so it holds the inner object (TC260-PG-20258A)."""
    values = provenance.tags() | {"AIGC": json.dumps(provenance.aigc(), separators=(",", ":"))}
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    properties = "".join(
        f"<{_PROPERTIES[name]}:{name}>{escape(value)}</{_PROPERTIES[name]}:{name}>" for name, value in values.items()
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about=""{declared}>{properties}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def parse(data: bytes) -> Provenance | None:
    """The label in a packet, its properties written as elements or as attributes; None if there is none."""
    if len(data) > _LARGEST or b"<!" in data:  # XMP has no document type: nothing to expand
        return None
    try:
        root = ElementTree.fromstring(data.strip(b"\0 "))
    except ElementTree.ParseError:
        return None
    tags: dict[str, str] = {}
    for description in root.iter(f"{{{_RDF}}}Description"):
        found = dict(description.attrib) | {child.tag: child.text or "" for child in description}
        for name, prefix in _PROPERTIES.items():
            if (value := found.get(f"{{{_NAMESPACES[prefix]}}}{name}")) is not None:
                tags[name] = value
    return Provenance.from_tags(tags)
