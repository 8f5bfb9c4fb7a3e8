"""What a page may do, told to the browser: nothing from other machines, and no script but our own.

A text of a dataset that got into a page as HTML, whatever mistake let it, can then neither run nor fetch.
"""

import base64
import hashlib

from mgbone.study.errors import MgboneError
from mgbone.study.language import tr


def with_policy(page: str, *scripts: str, own_files: bool = False) -> str:
    """Put a content security policy (W3C CSP level 3) into the head of a page.

    Parameters
    ----------
    page : str
        HTML with a head; pictures and fonts have to be data URIs, styles may stand in it.
    *scripts : str
        The text of each script that may run, exactly as between its tags.
    own_files : bool
        Whether scripts, styles and pictures may also be files from where the page lies.

    Raises
    ------
    MgboneError
        If the page has no head.
    """
    if "<head>" not in page:
        raise MgboneError(tr("The page has no <head> to put its content security policy into."))
    digests = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii") for script in scripts
    ]
    none = "'none'"
    own = "'self' " if own_files else ""
    allowed = own + " ".join(f"'sha256-{digest}'" for digest in digests)
    rules = (
        "default-src 'none'", f"img-src {own}data:", "font-src data:", f"style-src {own}'unsafe-inline'",
        f"script-src {allowed.strip() or none}", "base-uri 'none'", f"form-action {own.strip() or none}",
    )  # fmt: skip
    meta = f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'
    return page.replace("<head>", f"<head>\n{meta}", 1)
