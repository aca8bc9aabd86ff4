from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import FormatError
from ingest.formats import named
from ingest.formats.server_config import LARGEST_FILE_BYTES, spec_in_file, spec_in_text
from tests.ingest.formats.reading import refused

NGINX = r"""
user www-data;   # log_format comment '$nothing';
http {
    log_format main '$remote_addr - $remote_user [$time_local] '
                    '"$request" $status ${body_bytes_sent} '
                    "\"$http_referer\" \"$http_user_agent\"";
    log_format  slow  escape=none  $msec|$request_uri;
    log_format js escape=json '{"at":"$time_iso8601",'
        '"request":"$request"}';
    access_log /var/log/nginx/access.log main;
}
"""
MAIN = (
    'nginx:$remote_addr - $remote_user [$time_local] "$request" $status ${body_bytes_sent} '
    '"$http_referer" "$http_user_agent"'
)
APACHE = r"""
ServerName www.example.com
# LogFormat "%h %t" old
LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined
LogFormat "%h %l %u %t \
\"%r\" %>s %b" common
<VirtualHost *:80>
    CustomLog ${APACHE_LOG_DIR}/access.log vhost_combined
    CustomLog logs/tls.log "%t %h %{SSL_PROTOCOL}x \"%r\" %b" env=!quiet
</VirtualHost>
LogFormat "%h %t %m"
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("main", MAIN),
        ("slow", "nginx:escape=none $msec|$request_uri"),
        ("js", 'nginx:escape=json {"at":"$time_iso8601","request":"$request"}'),
        (
            "combined",
            'nginx:$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
            '"$http_referer" "$http_user_agent"',
        ),
    ],
)
def test_the_formats_of_nginx_by_name(tmp_path: Path, name: str, spec: str) -> None:
    path = written(tmp_path, "nginx.conf", NGINX)
    assert spec_in_file(f"{path}#{name}") == spec
    assert named(f"@{path}#{name}").spec == spec


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("vhost_combined", r'apache:%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"'),
        ("common", 'apache:%h %l %u %t "%r" %>s %b'),
        ("logs/tls.log", 'apache:%t %h %{SSL_PROTOCOL}x "%r" %b'),
        ("default", "apache:%h %t %m"),
    ],
)
def test_the_formats_of_apache_by_name(tmp_path: Path, name: str, spec: str) -> None:
    path = written(tmp_path, "apache2.conf", APACHE)
    assert spec_in_file(f"{path}#{name}") == spec
    assert named(f"@{path}#{name}").spec == spec


def test_what_is_made_can_be_made_again_where_there_is_no_such_file(tmp_path: Path) -> None:
    path = written(tmp_path, "nginx.conf", NGINX)
    form = named(f"@{path}#main")
    path.unlink()
    assert named(form.spec) == form
    assert str(tmp_path) not in form.spec


def test_the_only_format_needs_no_name(tmp_path: Path) -> None:
    path = written(tmp_path, "nginx.conf", "log_format one '$msec $remote_addr';")
    assert spec_in_file(str(path)) == "nginx:$msec $remote_addr"


def test_one_of_several_must_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, "nginx.conf", NGINX)
    error = refused(f"@{path}")
    assert "main, slow, js" in str(error)
    assert error.hint == "--format '@FILE#main'"
    assert "main, slow, js" in str(refused(f"@{path}#other"))


def test_a_file_without_formats_or_none_at_all_is_an_error_with_a_hint(tmp_path: Path) -> None:
    path = written(tmp_path, "nginx.conf", "http { server_name x; }")
    for spec in (f"@{path}", f"@{path}#main", f"@{tmp_path}/none.conf", f"@{tmp_path}", "@", "@#main"):
        assert refused(spec).hint


def test_included_files_are_read_and_a_circle_ends(tmp_path: Path) -> None:
    main = written(tmp_path, "nginx.conf", "http { include conf.d/*.conf; include mime.types; }")
    written(tmp_path, "conf.d/a.conf", "include nginx.conf; log_format a '$msec a';")
    written(tmp_path, "conf.d/b.conf", "include conf.d/a.conf; log_format b '$msec b';")
    assert spec_in_file(f"{main}#a") == "nginx:$msec a"
    assert spec_in_file(f"{main}#b") == "nginx:$msec b"


def test_apaches_includes_begin_at_its_root(tmp_path: Path) -> None:
    text = f'ServerRoot "{tmp_path}/root"\nIncludeOptional conf-enabled/*.conf\nInclude sites\n'
    main = written(tmp_path, "etc/apache2.conf", text)
    written(tmp_path, "root/conf-enabled/x.conf", 'LogFormat "%t %a" x')
    written(tmp_path, "root/sites/y.conf", 'CustomLog y.log "%t %h"')
    assert spec_in_file(f"{main}#x") == "apache:%t %a"
    assert spec_in_file(f"{main}#y.log") == "apache:%t %h"


def test_includes_end_at_a_depth(tmp_path: Path) -> None:
    for depth in range(12):
        written(tmp_path, f"{depth}.conf", f"include {depth + 1}.conf; log_format f{depth} '$msec {depth}';")

    assert spec_in_file(f"{tmp_path}/0.conf#f8") == "nginx:$msec 8"
    with pytest.raises(FormatError, match="f9"):
        spec_in_file(f"{tmp_path}/0.conf#f9")


def test_no_more_of_a_file_is_read_than_the_limit(tmp_path: Path) -> None:
    text = "log_format a '$msec';\n" + "#" * LARGEST_FILE_BYTES + "\nlog_format b '$msec b';"
    path = written(tmp_path, "nginx.conf", text)
    assert spec_in_file(str(path)) == "nginx:$msec"


def test_lines_of_a_configuration_are_a_format_too() -> None:
    assert spec_in_text("log_format main '$msec '\n  '$remote_addr';") == "nginx:$msec $remote_addr"
    assert named('LogFormat "%t \\"%r\\"" x').spec == 'apache:%t "%r"'
    assert refused("log_format main").hint
