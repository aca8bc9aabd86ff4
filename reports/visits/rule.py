"""What a visitor, a hit, a visit and a bounce are: one value, so that a report can name what it counted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Who = Literal["visitor", "address", "address-agent"]
Counted = Literal["pages", "views", "requests"]
Bounce = Literal["one-page", "one-action", "same-second"]
Duration = Literal["span", "span-plus-one"]

STATIC_ENDINGS: Final = (
    "avif", "bmp", "cur", "gif", "ico", "jpeg", "jpg", "jxl", "png", "svg", "svgz", "tif", "webp",
    "css", "js", "json", "less", "map", "mjs", "scss", "wasm", "webmanifest", "xml", "xsl",
    "eot", "otf", "ttf", "woff", "woff2",
    "aac", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav", "weba",
    "avi", "flv", "m3u8", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "swf", "ts", "webm", "wmv",
    "csv", "doc", "docx", "epub", "ods", "odt", "pdf", "ppt", "pptx", "rtf", "xls", "xlsx",
    "7z", "bz2", "gz", "iso", "rar", "tar", "tgz", "xz", "zip", "zst",
    "apk", "deb", "dmg", "exe", "jar", "msi", "rpm", "whl",
)  # fmt: skip
"""File name endings, lower case, of what is fetched for a page or downloaded from it, not read as one."""


@dataclass(frozen=True, slots=True)
class PageRule:
    """Which requests are page views; beacons say it themselves.

    A request counts with one of `methods`, answered with one of `statuses` (inclusive ranges). Where ingest has
    classed what was asked for and `believes_resource`, that decides; else the ending of the path does.
    """

    methods: tuple[str, ...] = ("GET",)
    statuses: tuple[tuple[int, int], ...] = ((200, 299), (304, 304))
    static_endings: tuple[str, ...] = STATIC_ENDINGS
    not_pages: tuple[str, ...] = ("/robots.txt",)
    believes_resource: bool = True


@dataclass(frozen=True, slots=True)
class VisitRule:
    """A definition of visitor, hit, visit, bounce and duration.

    * `who` is what tells visitors apart: the stored visitor id, the client address, or address and user agent; with
      `is_daily` a visitor of another day, in the site's time zone, is another visitor.
    * `counts` is which events take part: page views and what visitors do (``pages``), page views alone (``views``),
      or every event (``requests``) but answers with a status in `ignored`; with `bots` those of bots, too.
    * A hit begins a new visit when more than `gap_seconds` have passed since the one before it; with `gap_closes`
      also when exactly so many have. None: inactivity closes nothing. It also begins one on a new day
      (`at_midnight`), when it comes from another campaign (`at_campaign`), when the client says that it has begun
      another session (`by_session`), and after `most_hits` of them.
    * `bounce`: a visit with one page view and nothing else done (``one-page``), with one hit of any kind
      (``one-action``), or whose hits all came in one second (``same-second``).
    * `duration`: last hit less first (``span``), one second more when there are several (``span-plus-one``).
    """

    name: str
    meaning: str
    who: Who = "visitor"
    is_daily: bool = False
    counts: Counted = "pages"
    ignored: tuple[tuple[int, int], ...] = ()
    bots: bool = False
    page: PageRule = PageRule()
    gap_seconds: int | None = 1800
    gap_closes: bool = False
    at_midnight: bool = False
    at_campaign: bool = False
    by_session: bool = False
    most_hits: int | None = None
    bounce: Bounce = "one-page"
    duration: Duration = "span"

    def sentence(self) -> str:
        """Return the definition in sentences, for printing beside the numbers."""
        return " ".join(
            [self._visitor(), self._hits(), self._end(), BOUNCES[self.bounce], DURATIONS[self.duration]]
        )

    def _visitor(self) -> str:
        daily = ", another one on another day" if self.is_daily else ""
        return f"A visitor is {WHO[self.who]}{daily}."

    def _hits(self) -> str:
        who = "Bots are counted like people" if self.bots else "Bots are left out"
        statuses = " or ".join(f"{low} to {high}" for low, high in self.ignored)
        ignored = f", but answers with a status of {statuses}" if statuses else ""
        return f"A visit is made of {COUNTED[self.counts]}{ignored}. {who}."

    def _end(self) -> str:
        if self.gap_seconds is None:
            ends = ["at the end of the visitor's day" if self.is_daily else "never"]
        else:
            least = "" if self.gap_closes else "more than "
            most = " or more" if self.gap_closes else ""
            ends = [f"after {least}{self.gap_seconds:,} seconds{most} without a hit"]

        further = (
            (self.at_midnight, "at midnight in the site's time zone"),
            (self.at_campaign, "when the visitor comes from another campaign"),
            (self.by_session, "when the client begins another session, which else holds a visit together"),
            (self.most_hits is not None, f"after {self.most_hits or 0:,} hits"),
        )
        ends += [words for holds, words in further if holds]
        return f"It ends {', '.join(ends)}."


WHO: Final = {
    "visitor": "who a beacon says it is, else a combination of client address and user agent",
    "address": "a client address",
    "address-agent": "a combination of client address and user agent",
}
COUNTED: Final = {
    "pages": "page views and of what visitors do",
    "views": "page views",
    "requests": "all requests and beacons",
}
BOUNCES: Final = {
    "one-page": "A bounce is a visit with one page view in which nothing else was done.",
    "one-action": "A bounce is a visit with one hit.",
    "same-second": "A bounce is a visit without a hit in a later second than its first.",
}
DURATIONS: Final = {
    "span": "A visit lasts from its first hit to its last; bounces count as 0 in averages.",
    "span-plus-one": "A visit lasts from its first hit to its last and one second more, or 0 with one hit.",
}
