"""Every detector finds what it is for, and not what only looks like it.

Numbers are those that their owners give as examples.
"""

from __future__ import annotations

from typing import Final

import pytest

from otel_genai_instr.privacy.detectors import BY_NAME, DETECTORS
from otel_genai_instr.privacy.redactor import Redactor, redactor_from


def _wide(text: str) -> str:
    """As it is typed among Chinese or Japanese."""
    return text.translate({32: 0x3000, **{code: code + 0xFEE0 for code in range(0x21, 0x7F)}})


BODY: Final = "a1B2c3D4e5F6g7H8i9J0" * 8
"""Of keys. Whole ones don't stand here, since they are looked for in repositories."""
JWT: Final = ".".join(
    (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ",
        "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    )
)
PEM: Final = "-----BEGIN {0}PRIVATE KEY-----\n{1}\n-----END {0}PRIVATE KEY-----"

FOUND: Final[dict[str, list[str]]] = {
    "email": [
        "joe@example.com",
        "joe.o'doe+tag@mail.example.co.uk",
        "j_d-1%x@sub.example.museum",
        "用户@例子.广告",  # RFC 6531 and the test domains of ICANN
        "jürgen@müller.example",
        "joe@xn--fsqu00a.xn--0zwm56d",
        _wide("joe@example.com"),
        "joe@exam\u200bple.com",
    ],
    "phone": [
        "+1 202-555-0143",
        "+1 (202) 555-0143",
        "+12025550143",
        "(202) 555-0143",
        "202-555-0143",
        "202.555.0143",
        "1-800-555-0199",
        "+44 20 7946 0958",  # Ofcom, numbers for drama
        "+44 (0)20 7946 0958",
        "020 7946 0958",
        "07700 900123",
        "01 99 00 12 34",  # ARCEP, numbers for films
        "+33 1 99 00 12 34",
        "030 23125 000",  # Bundesnetzagentur, numbers for media
        "0171/39200 00",
        "+49 30 23125 000",
        "0491 570 006",  # ACMA, numbers for fiction
        "(02) 5550 1234",
        "03-1234-5678",
        "090-1234-5678",
        "98765 43210",
        "612 34 56 78",
        "(11) 91234-5678",
        "138 0013 8000",
        "0044 20 7946 0958",
        "\uff0b\uff11 202\u2011555\u20110143",
        "+1\u00a0202\u00a0555\u00a00143",
    ],
    # The test numbers of Adyen, Braintree, PayPal and Stripe.
    "payment_card": [
        "4111111111111111",
        "4012888888881881",
        "4222222222222",
        "5555555555554444",
        "5105105105105100",
        "2223003122003222",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "6011000990139424",
        "30569309025904",
        "38520000023237",
        "36227206271667",
        "3530111333300000",
        "3566002020360505",
        "6200000000000005",
        "6205500000000000004",
        "6759649826438453",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "3782 822463 10005",
        "3056 930902 5904",
        "4111 1111  1111 1111",
        _wide("4111 1111 1111 1111"),
        "4111\u00a01111\u20111111\u20131111",
        "4111\u200b1111\u200b1111\u200b1111",
        "٤١١١١١١١١١١١١١١١",
    ],
    # The examples of SWIFT's IBAN registry.
    "iban": [
        "AD1200012030200359100100",
        "AE070331234567890123456",
        "AL47212110090000000235698741",
        "AT611904300234573201",
        "BE68539007547034",
        "BR1800360305000010009795493C1",
        "CH9300762011623852957",
        "CZ6508000000192000145399",
        "DE89370400440532013000",
        "DK5000400440116243",
        "EE382200221020145685",
        "ES9121000418450200051332",
        "FI2112345600000785",
        "FR1420041010050500013M02606",
        "GB29NWBK60161331926819",
        "GR1601101250000000012300695",
        "HU42117730161111101800000000",
        "IE29AIBK93115212345678",
        "IT60X0542811101000000123456",
        "MT84MALT011000012345MTLCAST001S",
        "NL91ABNA0417164300",
        "NO9386011117947",
        "PL61109010140000071219812874",
        "PT50000201231234567890154",
        "RO49AAAA1B31007593840000",
        "SA0380000000608010167519",
        "SE4550000000058398257466",
        "TR330006100519786457841326",
        "GB29 NWBK 6016 1331 9268 19",
        "gb29nwbk60161331926819",
        "DE89-3704-0044-0532-0130-00",
        "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000",
    ],
    # RFC 5737 and RFC 3849: addresses for documentation.
    "ip_address": [
        "192.0.2.1",
        "198.51.100.255",
        "203.0.113.9",
        "10.0.0.7",
        "2001:db8::1",
        "2001:DB8:0:0:8:800:200C:417A",
        "fe80::1",
        "::ffff:192.0.2.1",
        "64:ff9b::192.0.2.33",
    ],
    "mac_address": ["00:00:5E:00:53:AF", "00-00-5e-00-53-af"],  # RFC 7042: for documentation
    "private_key": [
        PEM.format("", BODY),
        PEM.format("RSA ", f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n{BODY}\n{BODY}"),
        PEM.format("OPENSSH ", BODY),
        PEM.format("", BODY).replace("\n", "\\n"),
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{BODY}\n-----END PGP PRIVATE KEY BLOCK-----",
    ],
    "jwt": [JWT],  # of jwt.io
    "bearer_token": [f"Bearer {BODY}", f"bearer {BODY[:20]}", "Basic dXNlcjpwYXNzd29yZA=="],
    "api_key": [
        f"sk-{BODY[:48]}",
        f"sk-proj-{BODY}",
        f"sk-ant-api03-{BODY}",
        f"sk-or-v1-{'0123456789abcdef' * 4}",
        f"sk-{'a' * 30}{BODY[:18]}",
        "AKIA" + "IOSFODNN7EXAMPLE",  # of the documentation of AWS
        "aws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        f"AIza{BODY[:35]}",
        f"AccountKey={BODY[:86]}==",
        f"ghp_{BODY[:36]}",
        f"github_pat_{BODY[:22]}_{BODY[:59]}",
        f"glpat-{BODY[:20]}",
        f"xoxb-{'1' * 12}-{'2' * 12}-{BODY[:24]}",
        f"sk_live_{BODY[:24]}",
        f"rk_test_{BODY[:24]}",
        f"whsec_{BODY[:32]}",
        f"hf_{BODY[:34]}",
        f"gsk_{BODY[:52]}",
        f"xai-{BODY[:80]}",
        f"npm_{BODY[:36]}",
        f"SG.{BODY[:22]}.{BODY[:43]}",
    ],
    "url_password": ["postgres://app:s3cret@", "https://joe:p%40ss@", "redis://:pw@"],
    "us_ssn": ["078-05-1120", "219-09-9999", "219 09 9999", "219\u201109\u20119999"],
    "ca_sin": ["046-454-286", "130-692-544"],
    "in_aadhaar": ["999941057058", "9999 4105 7058", "2341-2341-2346"],  # UIDAI's test number
    "br_cpf": ["529.982.247-25", "11144477735"],
    "de_tax_id": ["86095742719", "86 095 742 719", "47036892816", "65929970489"],  # BZSt
    "gb_nino": ["AB123456C", "AB 12 34 56 C", "ab123456d"],
    "fr_nir": ["2 55 08 14 168 025 38", "255081416802538", "180126955222380"],
    "es_nif": ["12345678Z", "12345678-z", "X1234567L", "X-1234567-L"],
    "it_fiscal_code": ["RSSMRA85T10A562S", "mrtmtt25d09f205z"],
    "cn_resident_id": ["11010519491231002X", "440524188001010014"],  # GB 11643-1999
}

ONLY_LIKE_IT: Final[dict[str, list[str]]] = {
    "email": ["joe@example", "@example.com", "lodash@4.17.21", "a @ b.com", "@scope/package", "x@y"],
    "phone": [
        "2026-11-29T12:00:00.123456+00:00",
        "2026-11-29 12:00:00+0000",
        "1795262400",
        "1795262400123",
        "1e+10000000",
        "1.5e+12345678",
        "3f2b8c1e-4111-4b11-a111-234123412346",
        "0.1234567890123",
        "2.31.0",
        "10.0.19045.3803",
        "42",
        "123456789012",
        "100-200-3000",  # no area code begins with 1
        "1,234,567,890",
        "sha256:0123456789abcdef0123456789abcdef",
        "0001-2345-6789",
        "9.81 + 2",
    ],
    "payment_card": [
        "4111111111111112",  # Luhn
        "1234567890123456",
        "1795262400123456",  # microseconds
        "1795262400123456789",  # nanoseconds
        "0.4111111111111111",  # a fraction
        "3f2b8c1e-4111-1111-a111-234123412346",
        "12345678-4111-1111-1111-111111111111",
        "41111111111111110000000000",  # too long
        "a4111111111111111",
        "4111111111111111f00d",
        "9999999999999995",  # Luhn, but no network
        "0000000000000000",
        "2026-11-29 12:00:00",
    ],
    "iban": [
        "GB29NWBK60161331926818",
        "DE8937040044053201300",
        "XX29NWBK60161331926819",
        "AB12 3456 7890 1234",
        "sk12abcd1234abcd1234abcd",
    ],
    "ip_address": [
        "1.2.3",
        "1.2.3.4.5",
        "v1.2.3.4",
        "256.1.1.1",
        "127.0.0.1",
        "0.0.0.0",
        "::1",
        "::",
        "12:30:45",
        "std::vector",
        "add::fee",
        "dead::beef::1",
        "00:1A:2B:3C:4D:5E",
        "a:b",
    ],
    "mac_address": ["12:30:45", "00:1A:2B:3C:4D", "00-1A:2B-3C:4D-5E"],
    "private_key": ["-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "BEGIN PRIVATE KEY"],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9", "a.b.c"],
    "bearer_token": ["bearer of good news", "Bearer authentication-schemes", "basic understanding", "Bearer token"],
    "api_key": [
        "sk-learn-something-really-long-named",
        "task-0123456789abcdefghijklmnop",
        "sk-1234",
        "AKIA",
        "ghp_short",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",  # a hash of Git
        "3f2b8c1e-4111-4b11-a111-234123412346",
    ],
    "url_password": ["https://example.com/a:b@c", "https://joe@example.com/", "http://host:8080/", "a:b@c"],
    "us_ssn": ["000-12-3456", "666-12-3456", "987-65-4320", "123-00-4567", "123-45-0000", "123456789", "123-45 6789"],
    "ca_sin": ["046-454-287", "046 454 286", "046454286"],
    "in_aadhaar": ["999941057059", "1234 5678 9012", "2341 2341 2346 1234", "1234-2341-2341-2346"],
    "br_cpf": ["529.982.247-26", "111.111.111-11", "12345678901"],
    "de_tax_id": ["86095742718", "11111111111", "12345678901", "02345678912"],
    "gb_nino": ["QQ123456C", "GB123456A", "AB123456E", "AB12345C"],
    "fr_nir": ["255081416802539", "355081416802538", "2550814168025"],
    "es_nif": ["12345678A", "1234567Z", "X1234567A"],
    "it_fiscal_code": ["RSSMRA85T10A562T", "RSSMRA85T10A562"],
    "cn_resident_id": ["110105194912310021", "110105194913310021", "11010519491231002"],
}


def _only(name: str) -> Redactor:
    redactor = redactor_from([name])
    assert redactor is not None
    return redactor


def test_every_detector_has_its_examples() -> None:
    assert set(FOUND) == set(ONLY_LIKE_IT) == set(BY_NAME)
    assert len(BY_NAME) == len(DETECTORS)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in FOUND.items() for text in texts])
def test_it_is_found(name: str, text: str) -> None:
    redactor = _only(name)
    assert redactor.text(text) == f"[{name}]"
    assert redactor.text(f'It is: "{text}"') == f'It is: "[{name}]"'
    assert redactor.text(f"({text}), then? {text}") == f"([{name}]), then? [{name}]"


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in ONLY_LIKE_IT.items() for text in texts])
def test_what_only_looks_like_it_stays(name: str, text: str) -> None:
    redactor = _only(name)
    assert redactor.text(text) == text
    assert redactor.text(f"id {text}, ok") == f"id {text}, ok"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("5555 4111 1111 1111 1111", "5555 [payment_card]"),  # a number before it
        ("4111 1111 1111 1111 123", "[payment_card] 123"),  # the security code behind it
        ("4111111111111111 12/28", "[payment_card] 12/28"),
        ("on 2026-11-29 4111 1111 1111 1111", "on 2026-11-29 [payment_card]"),
        ("https://pay.example/?card=4111111111111111&x=1", "https://pay.example/?card=[payment_card]&x=1"),
        ("4111111111111111,5105105105105100", "[payment_card],[payment_card]"),
        ("card\u200b4111111111111111", "card\u200b[payment_card]"),
        ("卡号4111111111111111。", "卡号[payment_card]。"),
        ("IBAN GB29 NWBK 6016 1331 9268 19 and more", "IBAN [iban] and more"),
        ("写信给 joe@example.com请", "写信给 [email]请"),
        ("4111111111111111@example.com", "[email]"),
        ("postgres://app:s3cret@db.example.com/main", "[url_password]/main"),
        ("call +1 202 555 0143 4 times", "call [phone] 4 times"),
        (f"key: joe@example.com {PEM.format('', BODY)} end", "key: [email] [private_key] end"),
        (f"key: joe@example.com -----BEGIN EC PRIVATE KEY-----\n{BODY}\n{BODY}\n", "key: [email] [private_key]"),
        ("fe80::1%eth0", "[ip_address]%eth0"),
        ("[2001:db8::1]:443", "[[ip_address]]:443"),
        ("from 192.0.2.1:8080.", "from [ip_address]:8080."),
    ],
)
def test_among_other_things(text: str, cleaned: str) -> None:
    redactor = redactor_from(True)
    assert redactor is not None
    assert redactor.text(text) == cleaned


def test_a_long_text_is_read_to_its_end() -> None:
    redactor = redactor_from(True)
    assert redactor is not None
    filler = "All work and no play makes Jack a dull boy, says ticket 12.\n" * 20_000
    assert redactor.text(f"{filler}joe@example.com") == f"{filler}[email]"
    assert redactor.text(f"{'x' * 1_000_000} 4111111111111111") == f"{'x' * 1_000_000} [payment_card]"
