"""What a page may do, told to the browser: nothing from other machines, and no script but our own.

A text of a dataset that got into a page as HTML, whatever mistake let it, can then neither run nor fetch.
"""

from __future__ import annotations

import base64
import hashlib

from mgbone.study.errors import MgboneError
from mgbone.study.language import tr


def with_policy(page: str, script: str = "") -> str:
    """Put a content security policy (W3C CSP level 3) into the head of a page.

    Parameters
    ----------
    page : str
        HTML with a head; pictures and fonts have to be data URIs, styles may stand in it.
    script : str, optional
        The text of the one script that may run, exactly as between its tags.

    Raises
    ------
    MgboneError
        If the page has no head.
    """
    if "<head>" not in page:
        raise MgboneError(tr("The page has no <head> to put its content security policy into."))
    allowed = "'none'"
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
        allowed = f"'sha256-{digest}'"
    rules = (
        "default-src 'none'", "img-src data:", "font-src data:", "style-src 'unsafe-inline'",
        f"script-src {allowed}", "base-uri 'none'", "form-action 'none'",
    )  # fmt: skip
    meta = f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'
    return page.replace("<head>", f"<head>\n{meta}", 1)
