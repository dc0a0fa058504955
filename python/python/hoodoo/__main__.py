"""``python -m hoodoo`` prints the kernel language on one page."""

from ._language import language

if __name__ == "__main__":
    print(language())
