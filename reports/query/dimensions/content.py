"""Dimensions of pages, and of what is done on them."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query.dimensions.making import DONE, address, plain, worked_out
from reports.query.grain import of_page_before

_BEFORE: Final = "of the page before in the visit"
_HOST: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)"

CONTENT: Final = (
    plain("host", "host that answered", *DONE, owa=("siteDomain",),
          remark="As it was asked for; OWA has the domain that a site was registered with."),
    plain("path", "path of the page, without the query", *DONE, owa=("pagePath",),
          remark="The query is a dimension of its own; OWA's path has it."),
    plain("query", "query string, without the question mark", *DONE),
    worked_out("url", "host and path of the page", address("host", "path"), *DONE, owa=("pageUrl",)),
    plain("title", "title of the page", *DONE, owa=("pageTitle",)),
    plain("page_type", "type of the page, by the site's own word", *DONE, owa=("pageType",)),
    worked_out("directory", "first part of the path", pl.col("path").str.extract(r"^(/[^/]*/?)"), *DONE),
    worked_out("prior_path", f"path {_BEFORE}", of_page_before("path"), "hits", owa=("priorPagePath",)),
    worked_out("prior_title", f"title {_BEFORE}", of_page_before("title"), "hits", owa=("priorPageTitle",)),
    worked_out("prior_type", f"type {_BEFORE}", of_page_before("page_type"), "hits", owa=("priorPageType",)),
    worked_out(
        "prior_url", f"host and path {_BEFORE}",
        pl.concat_str(of_page_before("host").fill_null(""), of_page_before("path")), "hits", owa=("priorPageUrl",),
    ),
    worked_out("kind", "what the event tells of: request, pageview, click …", pl.col("kind").fill_null("request"),
               *DONE),
    plain("resource", "page, download, static, api or feed", *DONE),
    plain("dialect", "dialect of the beacon", *DONE),
    plain("event_category", "category of what was done", *DONE, owa=("actionGroup",)),
    plain("event_action", "name of what was done", *DONE, owa=("actionName",)),
    plain("event_label", "label of what was done", *DONE, owa=("actionLabel",)),
    plain("target", "URL that a click leads to, or that was downloaded", *DONE),
    worked_out("target_host", "host that a click leads to", pl.col("target").str.extract(_HOST).str.to_lowercase(),
               *DONE),
)  # fmt: skip
