"""The command line."""

from ._app import run

__all__ = ["run"]
