"""Pages of HTML, each whole in itself: style and script stand in it, and nothing is fetched.

Rules of this file
- Templates escape everything; what they are told to take as it is are our own style, script and drawings.
- No style and no handler stands on an element, so that the page's policy can forbid both.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from .charts import Drawing

_HERE: Final = __name__.rpartition(".")[0]


@cache
def _asset(name: str) -> str:
    return resources.files(_HERE).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def policy(form_action: str = "'none'") -> str:
    """The content security policy of every page: its own style and script, and nothing else."""
    style, script = _hash(_asset("page.css")), _hash(_asset("page.js"))
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; img-src data:; "
        f"base-uri 'none'; form-action {form_action}"
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=20,
    )


def page(template: str, *, form_action: str = "'none'", **values: Any) -> str:
    """Write a page, of characters that can be sent: JSON can say half a surrogate pair, which is none.

    Args:
        template: Its name, without the end.
        form_action: Where forms of the page may go, as the policy says it.
        values: What the template asks for.
    """
    text = (
        _environment()
        .get_template(f"{template}.html")
        .render(
            policy=policy(form_action),
            style=Markup(_asset("page.css")),
            script=Markup(_asset("page.js")),
            **values,
        )
    )
    return text.encode("utf-8", "replace").decode("utf-8")


def drawn(drawing: Drawing) -> Markup:
    """The drawing, to be taken as it is: what is foreign in it was escaped by who drew it."""
    return Markup(drawing.svg)
