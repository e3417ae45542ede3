"""PDFs for tests (ISO 32000-1): real text in any script, a line of the page for each line of the text."""


def pdf(*pages: str) -> bytes:
    """One page for each text. Characters are codes of a font whose ToUnicode map says what they are (9.10.3)."""
    kids = " ".join(f"{7 + 2 * number} 0 R" for number in range(len(pages)))
    system = "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    letters = sorted({letter for text in pages for letter in text if letter != "\n"})
    known = "".join(f"<{ord(letter):04x}> <{ord(letter):04x}>\n" for letter in letters)
    codes = f"1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n{len(letters)} beginbfchar\n{known}endbfchar\n"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /F /Encoding /Identity-H /DescendantFonts [4 0 R] "
        "/ToUnicode 6 0 R >>",
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /F {system} /FontDescriptor 5 0 R /DW 1000 >>",
        "<< /Type /FontDescriptor /FontName /F /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 "
        "/Descent -200 /CapHeight 700 /StemV 80 >>",
        _stream(f"/CIDInit /ProcSet findresource begin\nbegincmap\n{codes}endcmap\nend"),
    ]
    for number, text in enumerate(pages):
        page = f"/Parent 2 0 R /MediaBox [0 0 612 792] /Contents {8 + 2 * number} 0 R"
        lines = " T* ".join(f"<{''.join(f'{ord(letter):04x}' for letter in line)}> Tj" for line in text.split("\n"))
        objects.append(f"<< /Type /Page {page} /Resources << /Font << /F1 3 0 R >> >> >>")
        objects.append(_stream(f"BT /F1 12 Tf 14 TL 40 720 Td {lines} ET" if text else ""))
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    table = f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    tail = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF"
    return body + (table + tail).encode()


def _stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"
