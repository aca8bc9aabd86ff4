"""Facts about the web that enrichment goes by, as tables in TOML, and `reading`, which reads them.

Where visitors come from: `search`, `social`, `mail`, `assistants`, `advertising`. What a URL says of a campaign:
`campaign` (parameters of each column) and `clicks` (click ids). Who asks: `bots`. What is asked for: `resources`.
"""
