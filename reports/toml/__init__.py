"""TOML files that people write: read strictly, so that a mistake is told by file, entry and key before work begins.

In reading order: `values` (a row for each key, and what reads its value), `file` (the content, its keys, and the
sentence and hint where something is wrong).
"""
