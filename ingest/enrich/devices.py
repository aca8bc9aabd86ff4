"""Tell what kind of device sent a user agent, from what ua-parser makes of it and from tokens of its own.

A tablet that asks for desktop pages, as iPads do since iOS 13 by calling themselves Macintosh, cannot be told.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import ua_parser_rs

CLASSES: Final = ("desktop", "phone", "tablet", "tv", "console", "bot", "other")

DESKTOP_SYSTEMS: Final = frozenset(
    {
        "Windows",
        "Mac OS X",
        "Mac OS",
        "Linux",
        "Chrome OS",
        "Ubuntu",
        "Debian",
        "Fedora",
        "Red Hat",
        "CentOS",
        "SUSE",
        "Gentoo",
        "Arch Linux",
        "Slackware",
        "Mandriva",
        "Linux Mint",
        "Kubuntu",
        "PCLinuxOS",
        "FreeBSD",
        "OpenBSD",
        "NetBSD",
        "DragonFly BSD",
        "Solaris",
        "VRE",
    }
)
PHONE_SYSTEMS: Final = frozenset(
    {
        "iOS",
        "Android",
        "Windows Phone",
        "Windows Mobile",
        "BlackBerry OS",
        "Symbian OS",
        "Symbian^3",
        "Nokia Series 40",
        "Bada",
        "Firefox OS",
        "KaiOS",
        "HarmonyOS",
        "webOS",
        "MeeGo",
        "Maemo",
        "Brew MP",
    }
)

TOKENS: Final = (
    (
        "tv",
        r"smart-?tv|hbbtv|googletv|appletv|apple ?tv|netcast|web0s|webos\.tv|bravia|viera|aquos|roku|crkey|"
        r"\baft[a-z]{1,5}\b|\btv\b|android ?tv|inettvbrowser|dtv|philipstv|large screen",
    ),
    ("console", r"playstation|xbox|nintendo|\bpsp\b|ouya"),
    (
        "tablet",
        r"\bipad|\btablet\b|kindle|\bkf[a-z]{3,5}\b|playbook|\bsm-[tx]\d|\bgt-p\d|nexus (?:7|9|10)\b|"
        r"\bxoom\b|galaxy tab",
    ),
    (
        "phone",
        r"\bmobile\b|iphone|ipod|\bphone\b|opera mini|opera mobi|midp|\bwap\b|symbian|series ?60|up\.browser|"
        r"blackberry|docomo|\bmaui\b|semc-browser|kaios",
    ),
)
"""Class and the expression of tokens that tell it, in any case; the first goes first."""


def device_class(agent: str, system: str | None) -> str:
    """Return one of `CLASSES` for a user agent that is no bot's, and its operating system by ua-parser.

    Tokens of the agent go first. Else Android without ``Mobile`` is a tablet (Google's rule for Chrome), and other
    operating systems are those of phones or of desktops.
    """
    token = _tokens().extract(agent)
    if token is not None:
        return token.family

    if system == "Android":
        return "tablet" if "Android" in agent and "Chrome" in agent else "phone"

    if system in PHONE_SYSTEMS:
        return "phone"

    return "desktop" if system in DESKTOP_SYSTEMS or "X11" in agent else "other"


@cache
def _tokens() -> ua_parser_rs.UserAgentExtractor:
    return ua_parser_rs.UserAgentExtractor(
        [(f"(?i)(?:{tokens})", name, None, None, None, None) for name, tokens in TOKENS]
    )
