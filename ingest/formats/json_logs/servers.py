"""Logs in JSON of servers and proxies: nginx, Apache, ECS, Caddy, Traefik, Envoy."""

from __future__ import annotations

from typing import Final

from ingest.formats.json_logs.converting import (
    TLS_CIPHERS,
    TLS_VERSIONS,
    prefixed,
    without_port,
    without_question_mark,
)
from ingest.formats.json_logs.format import JsonFormat
from ingest.formats.json_logs.members import member

NGINX_CLIENTS: Final = ("remote_addr", "ip", "client_ip", "clientip", "client")
APACHE_CLIENTS: Final = ("remoteIP", "remote_ip", "remoteHost", "remote_host", "remoteAddr", "clientIP")

NGINX: Final = JsonFormat(
    "nginx_json",
    "nginx: log_format with escape=json, by the usual names of members",
    (
        member("time", "time", "time_iso8601", "time_local", "timestamp", "@timestamp", "date", "msec"),
        member("time", "local_time", "log_time", "datetime"),
        member("ip", *NGINX_CLIENTS),
        member("user", "remote_user", "user", "userid"),
        member("request", "request"),
        member("method", "request_method", "method"),
        member("uri", "request_uri", "uri", "path", "url"),
        member(
            "query",
            "args",
            "query_string",
            "query",
            "request_query",
            "uri_query",
            convert=without_question_mark,
        ),
        member("protocol", "server_protocol", "protocol", "request_proto"),
        member("status", "status", "http_status", "status_code", "http_code", "code"),
        member("bytes", "body_bytes_sent", "bytes_sent", "bytes", "length", "size"),
        member("duration_ms", "request_time", "responsetime", factor=1000),
        member("duration_ms", "generation_time_milli"),
        member("referrer", "http_referer", "http_referrer", "referrer", "referer"),
        member("user_agent", "http_user_agent", "user_agent", "agent"),
        member("host", "http_host", "host", "server_name", "vhost", "domain", "requested_domain"),
        member("forwarded_for", "http_x_forwarded_for", "x_forwarded_for", "x-forwarded-for", "xff"),
        member("forwarded_for", "x-forward-for", "x_forward_for"),
        member("forwarded", "http_forwarded"),
        member("connecting_ip", "http_cf_connecting_ip", "http_true_client_ip", "http_x_real_ip"),
        member("cache_status", "upstream_cache_status"),
        member("tls_version", "ssl_protocol"),
        member("tls_cipher", "ssl_cipher"),
        member("mime", "sent_http_content_type"),
        member("language", "http_accept_language"),
        member("dnt", "http_dnt"),
        member("gpc", "http_sec_gpc"),
        member("body", "request_body"),
    ),
    '{"time":"2026-01-17T10:05:03+00:00","remote_addr":"192.0.2.7","remote_user":"",'
    '"request":"GET /shop?page=2 HTTP/1.1","status":"200","body_bytes_sent":"5316","request_time":"0.021",'
    '"http_referer":"https://www.example.org/","http_user_agent":"Mozilla/5.0 (X11; Linux x86_64)",'
    '"host":"www.example.com"}',
    telling=NGINX_CLIENTS,
    foreign=(
        "requestId",
        "requestTime",
        "request_user_agent",
        "service_id",
        "logger",
        "ecs",
        '"ecs.version"',
    ),
)
"""nginx 1.27, ngx_http_log_module and the variables of its modules. Nobody agrees on names: those of the variables,
and those that log shippers use; what many configurations call `host` is the server's own address, beside `http_host`.
Matomo's importer calls nginx_json: ip, host, path, status, referrer, user_agent, length, generation_time_milli, date.
"""

APACHE: Final = JsonFormat(
    "apache_json",
    "Apache: a JSON object as LogFormat, by the usual names of members",
    (
        member("time", "time", "timestamp", "@timestamp", "datetime"),
        member("ip", *APACHE_CLIENTS),
        member("user", "user", "remoteUser", "remote_user"),
        member("request", "request", "requestLine", "request_line"),
        member("method", "method", "requestMethod", "request_method"),
        member("uri", "uri", "requestURI", "request_uri", "requestPath", "request_path", "path"),
        member("query", "query", "queryString", "query_string", convert=without_question_mark),
        member("protocol", "protocol", "requestProtocol", "request_protocol"),
        member("status", "status", "response", "statusCode", "status_code"),
        member("bytes", "bytes", "size", "bytesSent", "bytes_sent", "responseBytes", "response_bytes"),
        member("duration_ms", "duration_us", "microseconds", "process_time", "responseTime", factor=0.001),
        member("referrer", "referer", "referrer"),
        member("user_agent", "userAgent", "user_agent", "agent"),
        member("host", "host", "vhost", "virtualHost", "virtual_host", "serverName", "server_name"),
        member("forwarded_for", "xForwardedFor", "x_forwarded_for", "forwardedFor"),
        member("tls_version", "sslProtocol", "ssl_protocol"),
        member("tls_cipher", "sslCipher", "ssl_cipher"),
        member("mime", "contentType", "content_type"),
    ),
    '{"time":"2026-01-17T10:05:03+0000","remoteIP":"192.0.2.7","host":"www.example.com","request":"/shop",'
    '"query":"?page=2","method":"GET","status":"200","bytes":"5316",'
    '"userAgent":"Mozilla/5.0 (X11; Linux x86_64)","referer":"https://www.example.org/"}',
    telling=APACHE_CLIENTS,
    foreign=("requestId", "httpMethod", "logger"),
)
"""Apache HTTP Server 2.4, mod_log_config: the names that its users give; a duration is %D, in microseconds."""

ECS: Final = JsonFormat(
    "ecs",
    "Elastic Common Schema: access logs of Apache, nginx and others, with members nested or with dots",
    (
        member("time", "@timestamp"),
        member(
            "ip",
            "client.ip",
            "source.ip",
            "client.address",
            "source.address",
            '"client.ip"',
            '"source.ip"',
            '"client.address"',
            '"source.address"',
        ),
        member("user", "user.name", '"user.name"'),
        member("method", "http.request.method", '"http.request.method"'),
        member("path", "url.path", '"url.path"'),
        member("query", "url.query", '"url.query"'),
        member("uri", "url.original", '"url.original"'),
        member("protocol", "http.version", '"http.version"', convert=prefixed("HTTP/")),
        member("status", "http.response.status_code", '"http.response.status_code"'),
        member(
            "bytes",
            "http.response.body.bytes",
            '"http.response.body.bytes"',
            "http.response.bytes",
            '"http.response.bytes"',
        ),
        member("duration_ms", "event.duration", '"event.duration"', factor=1e-6),
        member("referrer", "http.request.referrer", '"http.request.referrer"'),
        member("user_agent", "user_agent.original", '"user_agent.original"'),
        member("host", "url.domain", '"url.domain"'),
        member("tls_version", "tls.version", '"tls.version"', convert=prefixed("TLSv")),
        member("tls_cipher", "tls.cipher", '"tls.cipher"'),
        member("mime", "http.response.mime_type", '"http.response.mime_type"'),
    ),
    '{"@timestamp":"2026-01-17T10:05:03.000Z","ecs":{"version":"8.17.0"},"client":{"ip":"192.0.2.7"},'
    '"http":{"request":{"method":"GET","referrer":"https://www.example.org/"},"version":"1.1",'
    '"response":{"status_code":200,"body":{"bytes":5316}}},"url":{"path":"/shop","query":"page=2",'
    '"domain":"www.example.com"},"user_agent":{"original":"Mozilla/5.0 (X11; Linux x86_64)"},'
    '"event":{"duration":21000000}}',
    telling=("url.original", "url.path", '"url.original"', '"url.path"'),
)
"""Elastic Common Schema 8: HTTP, URL, Client, Source, User agent, TLS and Event fields; durations in nanoseconds."""

CADDY: Final = JsonFormat(
    "caddy",
    "Caddy 2: structured access log",
    (
        member("time", "ts"),
        member("ip", "request.client_ip", "request.remote_ip"),
        member("ip", "request.remote_addr", convert=without_port),
        member("user", "user_id"),
        member("method", "request.method"),
        member("host", "request.host"),
        member("uri", "request.uri"),
        member("protocol", "request.proto"),
        member("status", "status"),
        member("bytes", "size"),
        member("duration_ms", "duration", factor=1000),
        member("referrer", "request.headers.Referer[0]"),
        member("user_agent", "request.headers.User-Agent[0]"),
        member("language", "request.headers.Accept-Language[0]"),
        member("forwarded_for", "request.headers.X-Forwarded-For[0]"),
        member("forwarded", "request.headers.Forwarded[0]"),
        member("connecting_ip", "request.headers.Cf-Connecting-Ip[0]"),
        member("dnt", "request.headers.Dnt[0]"),
        member("gpc", "request.headers.Sec-Gpc[0]"),
        member("tls_version", "request.tls.version", codes=TLS_VERSIONS),
        member("tls_cipher", "request.tls.cipher_suite", "request.tls.ciphersuite", codes=TLS_CIPHERS),
        member("mime", "resp_headers.Content-Type[0]"),
    ),
    '{"level":"info","ts":1768644303.0421,"logger":"http.log.access","msg":"handled request","request":'
    '{"remote_ip":"192.0.2.7","remote_port":"41342","client_ip":"192.0.2.7","proto":"HTTP/2.0","method":"GET",'
    '"host":"www.example.com","uri":"/shop?page=2","headers":{"User-Agent":["Mozilla/5.0 (X11; Linux x86_64)"],'
    '"Referer":["https://www.example.org/"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,'
    '"proto":"h2","server_name":"www.example.com"}},"bytes_read":0,"user_id":"","duration":0.021,"size":5316,'
    '"status":200,"resp_headers":{"Content-Type":["text/html; charset=utf-8"]}}',
    telling=("request.uri",),
)
"""Caddy 2.10, "How Logging Works": names of headers as Go writes them, durations in seconds."""

TRAEFIK: Final = JsonFormat(
    "traefik",
    "Traefik: access log in JSON",
    (
        member("time", "StartUTC", "StartLocal", "time"),
        member("ip", "ClientHost"),
        member("user", "ClientUsername"),
        member("method", "RequestMethod"),
        member("uri", "RequestPath"),
        member("protocol", "RequestProtocol"),
        member("status", "DownstreamStatus"),
        member("bytes", "DownstreamContentSize"),
        member("duration_ms", "Duration", factor=1e-6),
        member("host", "RequestHost", "RequestAddr"),
        member("referrer", "request_Referer"),
        member("user_agent", "request_User-Agent"),
        member("language", "request_Accept-Language"),
        member("forwarded_for", "request_X-Forwarded-For"),
        member("dnt", "request_Dnt"),
        member("gpc", "request_Sec-Gpc"),
        member("tls_version", "TLSVersion", convert=prefixed("TLSv")),
        member("tls_cipher", "TLSCipher"),
        member("mime", "downstream_Content-Type"),
    ),
    '{"ClientAddr":"192.0.2.7:53122","ClientHost":"192.0.2.7","ClientPort":"53122","ClientUsername":"-",'
    '"DownstreamContentSize":5316,"DownstreamStatus":200,"Duration":21000000,"OriginStatus":200,'
    '"RequestHost":"www.example.com","RequestMethod":"GET","RequestPath":"/shop?page=2",'
    '"RequestProtocol":"HTTP/1.1","RequestScheme":"https","StartUTC":"2026-01-17T10:05:03.042117Z",'
    '"TLSVersion":"1.3","entryPointName":"websecure","level":"info","msg":"",'
    '"request_Referer":"https://www.example.org/","request_User-Agent":"Mozilla/5.0 (X11; Linux x86_64)",'
    '"time":"2026-01-17T10:05:03Z"}',
    telling=("RequestPath",),
)
"""Traefik 3, "Access Logs": available fields, and headers that are kept; durations in nanoseconds."""

ENVOY: Final = JsonFormat(
    "envoy_json",
    "Envoy: access log in JSON, by the names of Istio and Envoy Gateway",
    (
        member("time", "start_time"),
        member("ip", "downstream_remote_address", convert=without_port),
        member("method", "method"),
        member("uri", "path", "x-envoy-origin-path", '":path"'),
        member("protocol", "protocol"),
        member("status", "response_code"),
        member("bytes", "bytes_sent"),
        member("duration_ms", "duration"),
        member("referrer", "referer"),
        member("user_agent", "user_agent", "user-agent"),
        member("host", "authority", '":authority"'),
        member("forwarded_for", "x_forwarded_for", "x-forwarded-for"),
    ),
    '{"start_time":"2026-01-17T10:05:03.042Z","method":"GET","path":"/shop?page=2","protocol":"HTTP/1.1",'
    '"response_code":200,"response_flags":"-","bytes_received":0,"bytes_sent":5316,"duration":21,'
    '"downstream_remote_address":"192.0.2.7:53122","x_forwarded_for":"192.0.2.7","authority":"www.example.com",'
    '"user_agent":"Mozilla/5.0 (X11; Linux x86_64)","upstream_host":"192.0.2.80:8080",'
    '"request_id":"7f9a2c1e-0d3b-4c55-9f5e-3a1b2c3d4e5f"}',
    telling=("response_code",),
    foreign=("logger",),
)
"""Envoy 1.33, access log operators; members named as in Istio 1.25's meshConfig.accessLogEncoding JSON, or as in
Envoy Gateway 1.2, which names them after the headers.
"""

SERVERS_JSON: Final = (NGINX, APACHE, ECS, CADDY, TRAEFIK, ENVOY)
