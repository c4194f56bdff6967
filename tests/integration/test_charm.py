"""The charm in a real Juju: what a model in one process cannot show."""

import base64
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import jubilant

NAME = "blog.example.com"
OTHER = "shop.example.com"


def get(juju: jubilant.Juju, name: str, credentials: str = "") -> tuple[int, str]:
    """Asks the proxy for a name over TLS, without checking the certificate: status code and body."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    address = next(iter(juju.status().apps["proxy"].units.values())).public_address
    head = f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n"
    if credentials:
        head += f"Authorization: Basic {base64.b64encode(credentials.encode()).decode()}\r\n"
    with (
        socket.create_connection((address, 443), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as tls,
    ):
        tls.sendall(f"{head}\r\n".encode())
        answer = b"".join(iter(lambda: tls.recv(65536), b"")).decode()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split(" ", 2)[1]), body.strip()


def refused(juju: jubilant.Juju, name: str) -> bool:
    """Whether the proxy does not serve a name."""
    try:
        get(juju, name)
    except OSError:
        return True
    return False


def says(app: str, state: str, message: str) -> Callable[[jubilant.Status], bool]:
    """Waits for each unit of an application to say this."""

    def said(status: jubilant.Status) -> bool:
        units = status.apps[app].units.values() if app in status.apps else []
        return bool(units) and all(
            unit.workload_status.current == state and message in unit.workload_status.message
            for unit in units
        )

    return said


def test_a_web_application_is_served(juju: jubilant.Juju, charm: Path, web: Path) -> None:
    juju.deploy(charm, "proxy")
    juju.deploy(charm, "blog-tls", config={"fqdns": NAME, "credentials": "ann pa55word"})
    juju.deploy(web, "blog", base="ubuntu@24.04")
    juju.wait(says("blog-tls", "waiting", ""))
    juju.integrate("blog-tls:website", "blog:website")
    juju.wait(says("blog-tls", "blocked", "relate a proxy"))
    juju.integrate("blog-tls:proxy", "proxy:ssl-termination")
    juju.wait(says("blog-tls", "active", f"{NAME} served"), timeout=15 * 60)
    juju.wait(says("proxy", "active", f"serving {NAME}"))
    assert get(juju, NAME)[0] == 401
    assert get(juju, NAME, "ann:pa55word") == (200, "blog/0")
    assert sorted(next(iter(juju.status().apps["proxy"].units.values())).open_ports) == ["443/tcp", "80/tcp"]


def test_its_units_share_the_work(juju: jubilant.Juju) -> None:
    juju.add_unit("blog")
    juju.wait(jubilant.all_active)
    seen: set[str] = set()
    deadline = time.monotonic() + 60
    while seen != {"blog/0", "blog/1"} and time.monotonic() < deadline:
        seen.add(get(juju, NAME, "ann:pa55word")[1])
    assert seen == {"blog/0", "blog/1"}
    juju.remove_unit("blog/1")
    juju.wait(lambda status: len(status.apps["blog"].units) == 1)
    juju.wait(jubilant.all_agents_idle)
    assert {get(juju, NAME, "ann:pa55word")[1] for _ in range(4)} == {"blog/0"}


def test_another_application_does_not_get_the_name(juju: jubilant.Juju, charm: Path) -> None:
    juju.deploy(charm, "shop-tls", config={"fqdns": f"{NAME} {OTHER}"})
    juju.integrate("shop-tls:website", "blog:website")
    juju.integrate("shop-tls:proxy", "proxy:ssl-termination")
    juju.wait(says("shop-tls", "waiting", f"{NAME}: taken"))
    assert get(juju, OTHER) == (200, "blog/0")
    assert get(juju, NAME)[0] == 401


def test_a_malformed_option_is_named(juju: jubilant.Juju) -> None:
    juju.config("shop-tls", {"fqdns": "no_name"})
    juju.wait(says("shop-tls", "blocked", "fqdns"))
    assert get(juju, OTHER) == (200, "blog/0"), "the last good options stay in force"
    juju.config("shop-tls", {"fqdns": OTHER})
    juju.wait(says("shop-tls", "active", f"{OTHER} served"))


def test_a_refresh_interrupts_nothing(juju: jubilant.Juju, charm: Path) -> None:
    before = juju.exec("cat /run/ssl-termination/proxy-0/nginx.pid", unit="proxy/0").stdout
    juju.refresh("proxy", path=charm)
    juju.wait(jubilant.all_agents_idle)
    juju.wait(jubilant.all_active)
    assert juju.exec("cat /run/ssl-termination/proxy-0/nginx.pid", unit="proxy/0").stdout == before
    assert get(juju, NAME, "ann:pa55word") == (200, "blog/0")


def test_the_last_site_takes_the_ports_with_it(juju: jubilant.Juju) -> None:
    juju.remove_relation("blog-tls:proxy", "proxy:ssl-termination")
    juju.wait(says("proxy", "active", f"serving {OTHER}"))
    assert refused(juju, NAME)
    assert get(juju, OTHER) == (200, "blog/0")
    juju.remove_application("shop-tls")
    juju.wait(says("proxy", "waiting", "waiting for a request"))
    assert refused(juju, OTHER)
    assert not next(iter(juju.status().apps["proxy"].units.values())).open_ports


def test_a_removed_unit_leaves_nothing_but_packages(juju: jubilant.Juju, charm: Path) -> None:
    """A second unit on the proxy's machine looks on while the proxy goes."""
    machine = next(iter(juju.status().apps["proxy"].units.values())).machine
    juju.deploy(charm, "witness", to=machine)
    juju.wait(says("witness", "waiting", "waiting for a request"))
    juju.remove_application("proxy")
    juju.wait(lambda status: "proxy" not in status.apps)
    places = "/etc/ssl-termination/* /var/lib/ssl-termination/* /etc/systemd/system/ssl-termination-*"
    found = juju.exec(f"ls -d {places} 2>/dev/null || true", unit="witness/0")
    assert found.stdout.strip() == ""
