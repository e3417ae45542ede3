"""`python -m zaohua.careers.building RAW TABLES`."""

import sys
from pathlib import Path

from zaohua.careers.building.write import build

if __name__ == "__main__":
    for name, rows in build(Path(sys.argv[1]), Path(sys.argv[2])).items():
        print(f"{rows:7,}  {name}")
