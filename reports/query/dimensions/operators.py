"""Who operates a bot, by the name that ingest gives it: the companies that say so of themselves in their documents.

Told when a report is asked for, so that a name added here counts for events stored long ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

BOTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Ai2": ("AI2Bot",),
        "Ahrefs": ("AhrefsBot", "AhrefsSiteAudit"),
        "Amazon": ("Amazonbot", "Amzn-User", "Amzn-SearchBot", "NovaAct", "Bedrock"),
        "Anthropic": (
            "ClaudeBot", "Claude-Web", "anthropic-ai", "Claude-User", "Claude-SearchBot", "Claude Code",
        ),
        "Apple": ("Applebot", "Applebot-Extended"),
        "Baidu": ("Baiduspider", "Baiduspider-image", "Baiduspider-render", "Baiduspider-video"),
        "Brave": ("Bravebot",),
        "ByteDance": ("Bytespider", "TikTokSpider"),
        "Cohere": ("cohere-ai", "cohere-training-data-crawler"),
        "Common Crawl": ("CCBot",),
        "DeepSeek": ("DeepSeekBot",),
        "Diffbot": ("Diffbot",),
        "DuckDuckGo": ("DuckDuckBot", "DuckDuckGo-Favicons-Bot", "DuckAssistBot"),
        "Google": (
            "Googlebot", "Googlebot-Image", "Googlebot-News", "Googlebot-Video", "Googlebot-Mobile", "Storebot-Google",
            "Google-InspectionTool", "GoogleOther", "Google-Read-Aloud", "Google-Site-Verification", "Google Favicon",
            "APIs-Google", "DuplexWeb-Google", "AppEngine-Google", "Google-Extended", "Google-CloudVertexBot",
            "NotebookLM", "Gemini Deep Research", "Google-Agent", "GoogleAgent-Mariner",
        ),
        "Huawei": ("PetalBot", "AspiegelBot", "PanguBot"),
        "Kagi": ("Kagi", "Kagi Assistant"),
        "Meta": ("Meta-ExternalAgent", "Meta-ExternalFetcher", "Meta-WebIndexer", "FacebookBot"),
        "Microsoft": (
            "bingbot", "msnbot", "msnbot-media", "adidxbot", "MicrosoftPreview", "AzureAI-SearchBot",
        ),
        "Mistral AI": ("MistralAI-User", "MistralAI-Index"),
        "Naver": ("Naver Yeti", "NaverBot"),
        "OpenAI": ("GPTBot", "ChatGPT-User", "ChatGPT Agent", "OAI-SearchBot"),
        "Perplexity": ("PerplexityBot", "Perplexity-User"),
        "Semrush": ("SemrushBot", "Semrush SiteAudit"),
        "Seznam": ("SeznamBot",),
        "Sogou": ("Sogou",),
        "Webz.io": ("Omgilibot", "Omgili", "Webz.io"),
        "Yahoo": ("Yahoo! Slurp",),
        "Yandex": (
            "YandexBot", "YandexImages", "YandexVideo", "YandexMedia", "YandexMobileBot", "YandexFavicons",
            "YandexWebmaster", "YandexPagechecker", "YandexRenderResourcesBot", "YandexNews", "YandexBlogs",
            "YandexCalendar", "YandexAdditional", "YandexAccessibilityBot",
        ),
        "You.com": ("YouBot",),
        "Zhipu AI": ("ChatGLM-Spider",),
        "xAI": ("xAI", "Grok"),
    }
)  # fmt: skip
"""Operator → names of its bots."""

_OPERATORS: Final = {bot: operator for operator, bots in BOTS.items() for bot in bots}


def operator_of(bot: pl.Expr) -> pl.Expr:
    """Return who operates each bot, null where nobody says so."""
    return bot.replace_strict(_OPERATORS, default=None, return_dtype=pl.String)
