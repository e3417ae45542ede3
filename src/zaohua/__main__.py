"""`python -m zaohua` is the same as `zaohua`."""

from zaohua.cli import main

if __name__ == "__main__":
    main()
