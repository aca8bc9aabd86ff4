"""What a browser may do with the page: show it, with this style and this script, and nothing else.

Content Security Policy Level 3 (W3C), as a meta element, because a file has no headers. Style and script are allowed by
their SHA-256, so that markup which got past the escaping could neither run nor load anything.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256


def content_policy(style: str, script: str) -> str:
    """Return the policy for a page with exactly this `style` and `script` between their tags."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
