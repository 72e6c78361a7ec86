"""Whether text that a pattern matches is what it looks like."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from . import checksums


class Candidate(NamedTuple):
    """Text that a pattern matches."""

    found: str
    before: str
    """Some characters before it."""
    after: str
    """Some characters after it."""


_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_FRACTION: Final = re.compile(r"[0-9]\.$")


def is_part_of_a_number(candidate: Candidate) -> bool:
    """Whether the digits of ``candidate`` stand in a UUID, or behind the point of a fraction."""
    found, before, after = candidate
    if _FRACTION.search(before):
        return True
    start, end = len(before), len(before) + len(found)
    return any(uuid.start() <= start and end <= uuid.end() for uuid in _UUID.finditer(f"{before}{found}{after}", 0))


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _capitals(text: str) -> str:
    """Without what people write between the characters of a number."""
    return "".join(filter(str.isalnum, text)).upper()


def whole(is_valid: Callable[[str], bool]) -> Callable[[Candidate], int]:
    """Return a check of all the letters and digits of a candidate."""
    return lambda candidate: len(candidate.found) if is_valid(_capitals(candidate.found)) else 0


def _beginning(candidate: Candidate, is_valid: Callable[[str], bool]) -> int:
    """Length of the longest beginning of whole groups of digits that is valid: other digits may follow a number."""
    found = candidate.found
    for end in range(len(found), 0, -1):
        if found[end - 1].isdigit() and not found[end : end + 1].isdigit() and is_valid(_digits(found[:end])):
            return end
    return 0


# E-mail addresses. RFC 5322 without quoted names, RFC 6531 (any letters).


_ASCII_DOMAIN: Final = re.compile(r"[^@]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?=[^\x00-\x7f])")


def email(candidate: Candidate) -> int:
    """Where words are written without spaces, the next one follows a domain at once."""
    cut = _ASCII_DOMAIN.match(candidate.found)
    return cut.end() if cut else len(candidate.found)


# Phone numbers. ITU-T E.164: at most 15 digits; the North American Numbering Plan: NXX-NXX-XXXX, N from 2 to 9.


def phone(candidate: Candidate) -> int:
    """As many digits as a number has, from the country's or the trunk's prefix on."""
    found, before, _ = candidate
    if found[0] == "+":
        # `1e+10000000` and `12:00:00+0000` have one, too.
        of_a_number = before[-1:].isdigit() or (before[-1:] in ("e", "E") and before[-2:-1].isdigit())
        return 0 if of_a_number or before[-1:] == "+" else _beginning(candidate, _is_international)
    if found[0] == "0" and found[1] != "0":
        return _beginning(candidate, lambda digits: 9 <= len(digits) <= 11)
    return _beginning(candidate, lambda digits: 8 <= len(digits) <= 17)


def _is_international(digits: str) -> bool:
    if digits[0] == "1":
        return len(digits) == 11 and digits[1] in "23456789"
    return 9 <= len(digits) <= 15


# Payment cards. ISO/IEC 7812; the numbers that networks issue, as they publish them.

_NETWORKS: Final = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("6011", "6011", (16, 17, 18, 19)),  # Discover
    ("644", "659", (16, 17, 18, 19)),
    ("300", "305", (14, 15, 16, 17, 18, 19)),  # Diners Club
    ("36", "36", (14, 15, 16, 17, 18, 19)),
    ("38", "39", (14, 15, 16, 17, 18, 19)),
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("81", "82", (16,)),  # UnionPay, RuPay
    ("60", "60", (16,)),  # RuPay
    ("508", "508", (16,)),
    ("2200", "2204", (16, 17, 18, 19)),  # Mir
    ("9792", "9792", (16,)),  # Troy
    ("5018", "5018", (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro
    ("5020", "5020", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5038", "5038", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5893", "5893", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6304", "6304", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6759", "6763", (12, 13, 14, 15, 16, 17, 18, 19)),
)
"""First digits from and to, and how long the number is."""


def _is_card(digits: str) -> bool:
    return any(
        len(digits) in lengths and first <= digits[: len(first)] <= last for first, last, lengths in _NETWORKS
    ) and checksums.luhn(digits)


def card(candidate: Candidate) -> int:
    """A security code, or another number, may follow it."""
    return _beginning(candidate, _is_card)


def iban(candidate: Candidate) -> int:
    """As many characters as its country has, and then no further one of the same word."""
    found = candidate.found
    length = checksums.IBAN_LENGTHS.get(found[:2].upper(), 0)
    places = [place for place, character in enumerate(found) if character.isalnum()]
    if not length or len(places) < length:
        return 0
    end = places[length - 1] + 1
    return end if not found[end : end + 1].isalnum() and checksums.iban(_capitals(found[:end])) else 0


# Addresses in networks. RFC 4291, RFC 5952; those of the machine itself tell nothing.


def ip_address(candidate: Candidate) -> int:
    """No version, no time, no name with a scope, and not this machine."""
    found, before, after = candidate
    if ":" not in found:
        parts = [int(part) for part in found.split(".")]
        # Five numbers are a version, or an object identifier.
        is_longer = before.endswith(".") or re.match(r"\.[0-9]", after)
        return 0 if is_longer or max(parts) > 255 or parts[0] in (0, 127, 255) else len(found)
    if before[-1:].isalnum() or before[-1:] in (":", "_") or after[:1].isalnum() or after[:1] in (":", "_"):
        return 0
    import ipaddress  # most texts have none

    for text in (found, found.rstrip(":")):  # a colon may follow
        try:
            address = ipaddress.IPv6Address(text)
        except ValueError:
            continue
        return 0 if address.is_loopback or address.is_unspecified or _is_code(text) else len(text)
    return 0


def _is_code(text: str) -> bool:
    """Whether ``text`` can be a name with a scope, such as ``add::fee``: no address in use begins like it."""
    first = text.split(":")[0]
    return "::" in text and not text.startswith("::ffff:") and not re.match(r"[23f][0-9a-f]{3}$|64$|100$", first, re.I)


# National ids.


def ssn(candidate: Candidate) -> int:
    """None begins with 000, 666 or 9, and no group is zero (Social Security Administration, POMS RM 10201.035)."""
    area, group, serial = re.split("[ -]", candidate.found)
    is_issued = area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"
    return len(candidate.found) if is_issued and candidate.found[3] == candidate.found[6] else 0


def nino(candidate: Candidate) -> int:
    """Prefixes that are not in use: HMRC, National Insurance Manual NIM39110."""
    return 0 if candidate.found[:2].upper() in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ") else len(candidate.found)


def aadhaar(candidate: Candidate) -> int:
    """UIDAI. Four digits more before or behind it are another number."""
    if re.search(r"[0-9]{4}[ -]$", candidate.before) or re.match(r"[ -][0-9]{4}", candidate.after):
        return 0
    return whole(checksums.verhoeff)(candidate)


# Secrets.


def with_digit(candidate: Candidate) -> int:
    """No plain word, as in `bearer authentication-schemes`."""
    return len(candidate.found) if re.search("[0-9=]", candidate.found) else 0
