"""The guard against customers' URLs: odd spellings, denied addresses, names that change their mind, ports."""

from ipaddress import IPv4Address, ip_address, ip_network
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from streams.guard import (
    NAT64_LENGTHS,
    AddressRefused,
    Reach,
    Unresolvable,
    denial,
    destination,
    destination_in,
    judged,
    read_url,
)

LOOPBACK = Reach((ip_network("127.0.0.0/8"), ip_network("::1/128")))
NOTHING = Reach()
HTTP, WS = ("http", "https"), ("ws", "wss")


def public(_host: str, _port: int) -> list[str]:
    return ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]


def never(host: str, _port: int) -> list[str]:
    raise AssertionError(f"{host} was looked up")


@pytest.mark.parametrize(
    ("url", "schemes", "expected"),
    [
        ("https://example.com", HTTP, ("https", "example.com", 443, "/", True)),
        ("http://Example.COM:8080/a/b?c=d&e=%20", HTTP, ("http", "Example.COM", 8080, "/a/b?c=d&e=%20", False)),
        ("HTTPS://example.com?a=1", HTTP, ("https", "example.com", 443, "/?a=1", True)),
        ("https://example.com/cb#rt=3000&rc=2", HTTP, ("https", "example.com", 443, "/cb", True)),
        ("wss://xn--bcher-kva.example:65535/ws", WS, ("wss", "xn--bcher-kva.example", 65535, "/ws", True)),
        ("ws://a/", WS, ("ws", "a", 80, "/", False)),
        ("ws://voice_bot:9000/ws", WS, ("ws", "voice_bot", 9000, "/ws", False)),
        ("https://example.com./cb", HTTP, ("https", "example.com", 443, "/cb", True)),
    ],
)
def test_a_url_is_read_into_its_pieces(url, schemes, expected):
    place = destination(url, NOTHING, schemes, public)
    assert (place.scheme, place.host, place.port, place.target, place.tls) == expected
    assert place.addresses == ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://example.com:80/", "example.com"),
        ("https://example.com:8443/", "example.com:8443"),
        ("http://[2606:4700::1111]:81/", "[2606:4700::1111]:81"),
        ("https://[2606:4700:0:0::1111]/", "[2606:4700::1111]"),
    ],
)
def test_the_host_header_names_the_port_only_where_it_is_not_the_schemes_own(url, authority):
    assert read_url(url, HTTP).authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0/",
        "http://0x7f000001/",
        "http://127.0.0.01/",
        "http://127.0.0.0x1/",
        "http://①②⑦.⓪.⓪.①/",
        "http://127。0。0。1/",
        "http://127.0.0.1\0.example.com/",
        "http://example.com\\@127.0.0.1/",
        "http:\\\\example.com/",
        "http://good.example@127.0.0.1/",
        "http://user:s3cr3t@example.com/",
        "http://@example.com/",
        "http://.example.com/",
        "http://a..b/",
        "http://-a.example/",
        "http://bücher.example/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1/",
        "http://[v1.fe]/",
        "http://::1/",
        "http://exa mple.com/",
        "http://example.com/a b",
        "http://example.com/\r\nX-Injected: 1",
        "http://example.com/é",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:99999/",
        "http://example.com:080/",
        "http://example.com:/",
        "http://example.com:８０/",
        "http://example.com:80:80/",
        "http:///path",
        "http://",
        "http:example.com",
        "//example.com/",
        "example.com",
        "",
        "ftp://example.com/",
        "file:///etc/passwd",
        "ws://example.com/",
        "gopher://example.com/",
        " http://example.com/",
        "http://example.com/\t",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 127 + "example/",
    ],
)
def test_an_odd_spelling_is_refused_before_any_look_up(url):
    with pytest.raises(AddressRefused) as refused:
        destination(url, LOOPBACK, HTTP, never)
    assert str(refused.value).endswith(".")
    assert "s3cr3t" not in str(refused.value)


DENIED = """
    127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.100.100.200 169.254.169.254
    168.63.129.16 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
    255.255.255.255 ::1 :: ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
    64:ff9b:1::1 2002:7f00:1:: 2002:5db8:d822::1 fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 ff0e::1 2001::1 2001:db8::1 3fff::1
    5f00::1 100::1 4000::1 8000::1 200::1 1::1 ::ffff:0:7f00:1 ::ffff:0:a00:1 ::ffff:0:808:808 2001:0:4136:e378:8000:63bf:3fff:fdd2
    2a00:1450:4001:81b:0:5efe:7f00:1 2a00:1450:4001:81b:200:5efe:a9fe:a9fe 2a00:1450:4001:81b:0:5efe:10.0.0.1
""".split()


@pytest.mark.parametrize("text", DENIED)
def test_an_address_that_is_not_the_public_internet_is_refused(text):
    literal = f"http://[{text}]/" if ":" in text else f"http://{text}/"
    with pytest.raises(AddressRefused, match=r"may not be dialled: .+\. The operator"):
        destination(literal, NOTHING, HTTP, never)
    with pytest.raises(AddressRefused, match=r"^evil\.example leads to .+ may not be dialled"):
        destination("https://evil.example/", NOTHING, HTTP, lambda *_: [text])


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "64:ff9b::101:101"])
def test_a_public_address_is_dialled(text):
    assert denial(ip_address(text)) == ""
    assert destination("wss://example.com/", NOTHING, WS, lambda *_: [text]).addresses == (text,)


def test_isatap_around_a_public_address_is_as_public_as_both():
    assert denial(ip_address("2a00:1450:4001:81b:0:5efe:5db8:d822")) == ""
    assert denial(ip_address("fe80::5efe:5db8:d822")) and denial(ip_address("fd00::5efe:5db8:d822"))


@pytest.mark.parametrize("length", NAT64_LENGTHS)
def test_the_operators_own_nat64_prefix_is_seen_through(length):
    """By RFC 6052's own table: the IPv4 address behind the prefix, around bits 64 to 71."""
    prefix = ip_network(f"2a02:0:122:344::/{length}", strict=False)
    reach = Reach(nat64=(prefix,))
    for text, refused in (("10.0.0.7", True), ("169.254.169.254", True), ("127.0.0.1", True), ("93.184.216.34", False)):
        address = embedded(prefix, IPv4Address(text))
        assert denial(address) == ""  # for whoever does not know the prefix
        if refused:
            with pytest.raises(AddressRefused, match="may not be dialled"):
                destination("http://translated.example/", reach, HTTP, lambda *_, found=str(address): [found])
        else:
            assert destination("http://translated.example/", reach, HTTP, lambda *_, found=str(address): [found]).addresses


def embedded(prefix, inner):
    start = prefix.prefixlen // 8
    packed = bytearray(prefix.network_address.packed)
    places = [place for place in range(start, 16) if place != 8 or start == 12][:4]
    for place, value in zip(places, inner.packed, strict=True):
        packed[place] = value
    return ip_address(bytes(packed))


def test_a_prefix_that_nobody_else_may_use_may_be_the_operators():
    reach = Reach(nat64=(ip_network("64:ff9b:1::/48"),))
    with pytest.raises(AddressRefused, match="a private network"):
        destination("http://[64:ff9b:1:a00:0:700::]/", reach, HTTP, never)
    with pytest.raises(AddressRefused, match="in disguise"):
        destination("http://[64:ff9b:1:5db8:d8:2200::]/", NOTHING, HTTP, never)
    assert destination("http://[64:ff9b:1:5db8:d8:2200::]/", reach, HTTP, never).addresses


@pytest.mark.parametrize("port", [1, 22, 25, 53, 110, 445, 1023])
def test_a_port_of_other_services_is_refused_before_any_look_up(port):
    with pytest.raises(AddressRefused, match=rf"^Port {port} may not be dialled, only 80, 443 and 1024 to 65535\. Let the service"):
        destination(f"http://example.com:{port}/", LOOPBACK, HTTP, never)
    with pytest.raises(AddressRefused, match="DIAL_PORTS"):
        destination(f"ws://127.0.0.1:{port}/", LOOPBACK, WS, never)


@pytest.mark.parametrize("url", ["http://example.com/", "https://example.com/", "http://example.com:1024/", "http://example.com:65535/"])
def test_usual_ports_are_dialled(url):
    assert destination(url, NOTHING, HTTP, public).addresses


def test_the_operator_may_open_ports_and_close_others():
    only = Reach(ports=(range(25, 26),))
    assert destination("http://example.com:25/", only, HTTP, public).port == 25
    with pytest.raises(AddressRefused, match=r"^Port 80 may not be dialled, only 25\."):
        destination("http://example.com/", only, HTTP, public)


def test_a_place_whose_host_is_a_name_has_no_address_until_it_is_judged():
    place = destination_in("ws://bot.example/", NOTHING, WS)
    assert place.addresses == ()
    assert judged(place, ["1.1.1.1"], NOTHING).addresses == ("1.1.1.1",)
    for found, problem in ((["1.1.1.1", "127.0.0.1"], AddressRefused), ([], Unresolvable)):
        with pytest.raises(problem):
            judged(place, found, NOTHING)


def test_a_final_dot_makes_no_other_address_of_one():
    with pytest.raises(AddressRefused, match="this machine"):
        destination("http://127.0.0.1./", NOTHING, HTTP, public)


def test_one_denied_address_among_several_refuses_all():
    with pytest.raises(AddressRefused, match=r"example\.com leads to 10\.0\.0\.7, which may not be dialled: a private network"):
        destination("http://example.com/", NOTHING, HTTP, lambda *_: ["1.1.1.1", "10.0.0.7"])


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_the_operator_may_open_networks(text):
    assert destination("http://example.com/", LOOPBACK, HTTP, lambda *_: [text]).addresses == (text,)


def test_an_open_network_opens_nothing_else():
    with pytest.raises(AddressRefused):
        destination("http://10.0.0.1/", LOOPBACK, HTTP, never)
    with pytest.raises(AddressRefused):  # the loopback of whatever translates NAT64 is not ours
        destination("http://[64:ff9b::7f00:1]/", LOOPBACK, HTTP, never)


def test_a_name_is_looked_up_once_and_what_was_judged_is_what_is_dialled():
    answers = iter([["1.1.1.1"], ["127.0.0.1"]])
    assert destination("http://rebinding.example/", NOTHING, HTTP, lambda *_: next(answers)).addresses == ("1.1.1.1",)
    assert next(answers) == ["127.0.0.1"]


def test_a_name_without_an_address_says_so():
    with pytest.raises(Unresolvable, match=r"^The name nowhere\.example has no address\. Check"):
        destination("http://nowhere.example/", NOTHING, HTTP, lambda *_: [])


pieces = st.sampled_from(
    [
        "http://",
        "https://",
        "good.example",
        "127.0.0.1",
        "[::1]",
        "@",
        ":",
        "80",
        "/",
        "\\",
        "?",
        "#",
        ".",
        "%",
        "a",
        " ",
        "\t",
        "\0",
        "[",
        "]",
        "é",
    ]
)


@given(st.lists(pieces, max_size=8).map("".join) | st.text(max_size=30).map(lambda text: f"http://{text}"))
@example("http://good.example\\@127.0.0.1/")
@example("http://good.example#@127.0.0.1/")
@example("http://good.example?@127.0.0.1/")
def test_what_is_accepted_means_the_same_to_other_parsers(url):
    """A URL that two parsers read differently lets one vet what the other dials."""
    try:
        place = read_url(url, HTTP)
    except AddressRefused:
        return
    theirs = urlsplit(url)
    assert ((theirs.hostname or "").removesuffix("."), theirs.port or place.port, theirs.username) == (place.host.lower(), place.port, None)
    try:
        others = parse_url(url)
    except LocationParseError:
        pytest.fail(f"urllib3 does not take {url!r}")
    assert ((others.host or "").strip("[]").removesuffix("."), others.port or place.port, others.auth) == (
        place.host.lower(),
        place.port,
        None,
    )


@given(st.text(max_size=40))
def test_no_text_raises_anything_but_refused(text):
    for url in (text, f"ws://{text}", f"ws://a:{text}/", f"wss://[{text}]/"):
        try:
            destination(url, NOTHING, WS, public)
        except AddressRefused as refused:
            assert str(refused).isprintable()
