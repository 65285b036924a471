"""`python -m autograde`: the same as the command `autograde`."""

from autograde.cli import app

if __name__ == "__main__":
    app()
