"""The formats of the NCSA family, as Apache and nginx write them, with and without a virtual host in front.

Apache HTTP Server 2.4, mod_log_config: ``%h %l %u %t "%r" %>s %b`` (common), the same with ``"%{Referer}i"
"%{User-agent}i"`` (combined), and both behind ``%v:%p`` (vhost). nginx: the predefined format `combined`.
"""

from __future__ import annotations

from typing import Final

from ingest.formats import fields
from ingest.formats.regular import RegularFormat

_TIME_TO_BYTES: Final = (fields.TIME, fields.REQUEST_LINE, fields.STATUS, fields.BYTES)
_CALLER: Final = (fields.CLIENT, fields.IDENT, fields.USER)
_VHOST_CALLER: Final = (fields.VHOST, fields.KNOWN_CLIENT, fields.IDENT, fields.USER)
_HEADERS: Final = (fields.REFERRER, fields.USER_AGENT)

_UNQUOTED_REST: Final = r'(?: [^"]*)?'
_ANY_REST: Final = r"(?: .*)?"

_COMMON_LINE: Final = '192.0.2.7 - - [17/Jan/2026:10:05:03 +0000] "GET /shop?page=2 HTTP/1.1" 200 5316'
_COMBINED_LINE: Final = f'{_COMMON_LINE} "https://www.example.org/" "Mozilla/5.0 (X11; Linux x86_64)"'

NCSA: Final = (
    RegularFormat("common", "Common Log Format", _CALLER + _TIME_TO_BYTES, _UNQUOTED_REST, _COMMON_LINE),
    RegularFormat(
        "combined",
        "Combined Log Format: common with referrer and user agent",
        _CALLER + _TIME_TO_BYTES + _HEADERS,
        _ANY_REST,
        _COMBINED_LINE,
    ),
    RegularFormat(
        "common_vhost",
        "Common Log Format behind the virtual host",
        _VHOST_CALLER + _TIME_TO_BYTES,
        _UNQUOTED_REST,
        f"www.example.com:443 {_COMMON_LINE}",
    ),
    RegularFormat(
        "combined_vhost",
        "Combined Log Format behind the virtual host",
        _VHOST_CALLER + _TIME_TO_BYTES + _HEADERS,
        _ANY_REST,
        f"www.example.com:443 {_COMBINED_LINE}",
    ),
)
