"""From what the publishers offer to the tables that the package ships: `python -m zaohua.careers.building RAW TABLES`.

RAW holds the publishers' tables as CSV or TSV, plain or gzipped, under the names of `sources.toml`. The tables hold
codes, titles, figures and classification labels only: sentences stay with their publishers.
"""
