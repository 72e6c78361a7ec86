"""How Sphinx makes the site of README and ``docs/``: ``make docs``. Its source is the tree of the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.addnodes import pending_xref

project = "otel-genai-instr"
extensions = ["myst_parser", "sphinx_external_toc"]
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "examples/README.md"]
exclude_patterns = [".*", "build", "src", "tests", "deploy", "benchmarks", "typings"]
external_toc_path = "docs/site/toc.yml"
# Links to headings are those of a repository's pages.
myst_heading_anchors = 4
suppress_warnings = [
    "misc.highlighting_failure",  # Pygments doesn't know all of PromQL and LogQL
    "myst.header",  # a page may skip a level
    "etoc.glob",  # a page that is still to come has a place already
]
html_theme = "furo"
html_title = project
html_theme_options: dict[str, list[str]] = {"top_of_page_buttons": []}
html_static_path = ["style"]
html_css_files = ["wide.css"]
html_copy_source = False
html_show_copyright = False


def setup(app: Any) -> None:
    """Name the folders that a page links to; a site has no listing of them."""
    app.connect("doctree-read", _unlink_folders)


def _unlink_folders(app: Any, page: Any) -> None:
    here = Path(page["source"]).parent
    for link in list(page.findall(pending_xref)):
        if link["reftype"] == "myst" and (here / link["reftarget"]).is_dir():
            link.replace_self(link.children)
