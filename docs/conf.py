"""How Sphinx builds the documentation: ``nox -s docs``."""

from __future__ import annotations

import inspect

from sphinx.application import Sphinx

import aiosage

project = "aiosage"
author = "The aiosage authors"
version = release = aiosage.__version__
# The pages say nothing of dates, so that the same sources build the same pages.
html_last_updated_fmt = None

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = f"aiosage {version}"

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

# A name in backquotes is a link where there is something to link to.
default_role = "py:obj"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Fields are told in the docstring of their class, not once more as members.
napoleon_use_ivar = True


def _show_search_key(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """Show a search key with all its arguments: it has no *self* to be dropped."""
    if name.startswith("aiosage.model.IMAPSearchCriteria.") and inspect.isfunction(obj):
        wanted = inspect.signature(obj)
        if "self" not in wanted.parameters:
            wanted = wanted.replace(return_annotation=inspect.Signature.empty)
            return str(wanted).replace("'", ""), "IMAPSearchCriteria"
    return signature, returns


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", _show_search_key)
