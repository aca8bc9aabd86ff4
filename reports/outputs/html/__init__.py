"""One HTML page for all answers of a run, complete in itself: no network, no file beside it.

In reading order: `page` (the output, and the page from its head to its foot), `policy` (what a browser may do with
it), `cards` (the key figures at its top), `sections` (a report: question, picture, rows, definition), `pictures`
(which picture fits an answer), `charts` and `heat` (drawing), `scales` (axes), `tables` (rows), `cells` (a value as a
person reads it, and as a script sorts it), `markup` (text into HTML, the only place where one becomes the other).
`style.css` and `script.js` are put into the page; without the script everything is there to be read.
"""

from __future__ import annotations

from reports.outputs.html.page import USUAL_ROWS, HtmlOutput

__all__ = ["USUAL_ROWS", "HtmlOutput"]
