"""What is found in text by itself: a table, one row per kind, with what tells it from what only looks like it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from ..records import field, frozen
from . import checksums


class Candidate(NamedTuple):
    """Text that a pattern matches."""

    found: str
    before: str
    """Some characters before it."""
    after: str
    """Some characters after it."""


@frozen
class Detector:
    """One row."""

    name: str
    """Stands in brackets in the place of what was found."""
    finds: str
    """For the documentation."""
    pattern: str = field(repr=False)
    """In the engine's syntax; of the leftmost matches the longest one is taken."""
    check: Callable[[Candidate], int] | None = None
    """How many characters of a candidate are one, from its first on; 0 if it is none."""
    is_number: bool = False
    """Digits above all: not meant where they are a part of a UUID or of a decimal fraction."""
    spans_lines: bool = False
    is_on: bool = True
    """Unless detectors are named."""


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


def _whole(is_valid: Callable[[str], bool]) -> Callable[[Candidate], int]:
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


def _email(candidate: Candidate) -> int:
    """Where words are written without spaces, the next one follows a domain at once."""
    cut = _ASCII_DOMAIN.match(candidate.found)
    return cut.end() if cut else len(candidate.found)


# Phone numbers. ITU-T E.164: at most 15 digits; the North American Numbering Plan: NXX-NXX-XXXX, N from 2 to 9.


def _phone(candidate: Candidate) -> int:
    found, before, _ = candidate
    if found[0] == "+":
        # `1e+10000000` and `12:00:00+0000` have one, too.
        return 0 if before[-1:].isalnum() or before[-1:] == "+" else _beginning(candidate, _is_international)
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


def _card(candidate: Candidate) -> int:
    return _beginning(candidate, _is_card)


def _iban(candidate: Candidate) -> int:
    """As many characters as its country has, and then no further one of the same word."""
    found = candidate.found
    length = checksums.IBAN_LENGTHS.get(found[:2].upper(), 0)
    places = [place for place, character in enumerate(found) if character.isalnum()]
    if not length or len(places) < length:
        return 0
    end = places[length - 1] + 1
    return end if not found[end : end + 1].isalnum() and checksums.iban(_capitals(found[:end])) else 0


# Addresses in networks. RFC 4291, RFC 5952; those of the machine itself tell nothing.


def _ip_address(candidate: Candidate) -> int:
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


def _ssn(candidate: Candidate) -> int:
    """None begins with 000, 666 or 9, and no group is zero (Social Security Administration, POMS RM 10201.035)."""
    area, group, serial = re.split("[ -]", candidate.found)
    is_issued = area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"
    return len(candidate.found) if is_issued and candidate.found[3] == candidate.found[6] else 0


def _nino(candidate: Candidate) -> int:
    """Prefixes that are not in use: HMRC, National Insurance Manual NIM39110."""
    return 0 if candidate.found[:2].upper() in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ") else len(candidate.found)


def _aadhaar(candidate: Candidate) -> int:
    """UIDAI. Four digits more before or behind it are another number."""
    if re.search(r"[0-9]{4}[ -]$", candidate.before) or re.match(r"[ -][0-9]{4}", candidate.after):
        return 0
    return _whole(checksums.verhoeff)(candidate)


# Secrets.


def _with_digit(candidate: Candidate) -> int:
    """No plain word, as in `bearer authentication-schemes`."""
    return len(candidate.found) if re.search("[0-9=]", candidate.found) else 0


_KEYS: Final = (
    # OpenAI, Anthropic, OpenRouter, DeepSeek, Langfuse: with a digit somewhere, or it is a word such as `sk-learn`.
    r"sk-(?:[A-Za-z_-]*[0-9][A-Za-z0-9_-]{19,}|[A-Za-z_-]{19,}[0-9][A-Za-z0-9_-]*)",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # AWS
    r"(?i:aws_?secret_?(?:access_?)?key)[\"']?\s{0,3}[:=]\s{0,3}[\"']?[A-Za-z0-9/+]{40}",
    r"AIza[0-9A-Za-z_-]{35}",  # Google
    r"ya29\.[0-9A-Za-z_-]{20,}",
    r"AccountKey=[A-Za-z0-9+/]{40,}={0,2}",  # Azure Storage
    r"gh[pousr]_[A-Za-z0-9]{36,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{22,}",
    r"glpat-[A-Za-z0-9_-]{20,}",  # GitLab
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"xapp-[A-Za-z0-9-]{10,}",
    r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}",  # Stripe
    r"whsec_[A-Za-z0-9+/]{20,}",
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"gsk_[A-Za-z0-9]{40,}",  # Groq
    r"xai-[A-Za-z0-9]{40,}",
    r"pplx-[A-Za-z0-9]{40,}",  # Perplexity
    r"r8_[A-Za-z0-9]{30,}",  # Replicate
    r"npm_[A-Za-z0-9]{36,}",
    r"pypi-[A-Za-z0-9_-]{50,}",
    r"SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",  # SendGrid
)
"""As those who issue them document them, or GitHub's list of supported secret scanning patterns has them."""

_LABEL: Final = r"[\p{L}\p{N}\p{M}-]"

DETECTORS: Final = (
    Detector(
        "email",
        "e-mail addresses, also of internationalised domains",
        rf"[\p{{L}}\p{{N}}_][\p{{L}}\p{{N}}\p{{M}}._%+'&~-]*@(?:{_LABEL}+\.)+(?:\p{{L}}[\p{{L}}\p{{M}}]+|xn--[A-Za-z0-9-]+)",
        check=_email,
    ),
    Detector(
        "phone",
        "phone numbers: international ones, and national ones in groups",
        "|".join(
            (
                r"\+[1-9](?:[ ./()-]{0,3}[0-9]){7,19}",
                r"\b00[ -]?[1-9][0-9]{0,2}(?:[ ./()-]{1,3}[0-9]{1,5}){2,6}\b",
                r"(?:\b1[ .-])?(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}\b",  # NANP
                r"(?:\b|\()0[0-9]{1,4}\)?[ /-][0-9]{3,4}[ -]?[0-9]{3,5}\b",  # Britain, Germany, Japan, Australia, ...
                r"\b0[1-9](?:[ .-][0-9]{2}){4}\b",  # France
                r"\b[679][0-9]{2}(?:[ -][0-9]{2}){3}\b",  # Spain
                r"\b[6-9][0-9]{4}[ -][0-9]{5}\b",  # India
                r"\([1-9][0-9]\) ?9?[0-9]{4}-[0-9]{4}\b",  # Brazil
                r"\b1[3-9][0-9][ -][0-9]{4}[ -][0-9]{4}\b",  # China
            )
        ),
        check=_phone,
        is_number=True,
    ),
    Detector(
        "payment_card",
        "numbers of payment cards (first digits, length, Luhn)",
        "|".join(
            (
                r"\b[2-9][0-9]{11,18}\b",
                r"\b[2-9][0-9]{3}(?:[ -]{1,2}[0-9]{4}){3}(?:[ -]{1,2}[0-9]{1,3})?\b",
                r"\b[2-9][0-9]{3}(?:\.[0-9]{4}){3}\b",
                r"\b3[0-9]{3}[ -]{1,2}[0-9]{6}[ -]{1,2}[0-9]{4,5}\b",
                r"\b[2-9][0-9]{5}[ -]{1,2}[0-9]{6,13}\b",
            )
        ),
        check=_card,
        is_number=True,
    ),
    Detector(
        "iban",
        "bank accounts (length by country, MOD 97-10)",
        r"(?i:\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?\b)",
        check=_iban,
    ),
    Detector(
        "ip_address",
        "IPv4 and IPv6 addresses, but those of the machine itself",
        r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b"
        r"|(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b)?",
        check=_ip_address,
    ),
    Detector(
        "mac_address",
        "hardware addresses of 48 bits",
        r"\b[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})\b",
        is_on=False,
    ),
    Detector(
        "private_key",
        "private keys in PEM, whole or without their end",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-[^-])*"
        r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)?",
        spans_lines=True,
    ),
    Detector(
        "jwt",
        "JSON Web Tokens",
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    ),
    Detector(
        "bearer_token",
        "credentials of HTTP (`Bearer ...`, `Basic ...`)",
        r"(?i:\b(?:bearer|basic)) [A-Za-z0-9._~+/-]{12,}={0,2}",
        check=_with_digit,
    ),
    Detector(
        "api_key",
        "keys of OpenAI, Anthropic, AWS, Google, Azure, GitHub, GitLab, Slack, Stripe, Hugging Face, ...",
        rf"\b(?:{'|'.join(_KEYS)})",
    ),
    Detector(
        "url_password",
        "name and password in a URL",
        r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@\"'<>]*:[^\s/@\"'<>]+@",
    ),
    Detector(
        "us_ssn",
        "Social Security numbers of the United States, in groups (ranges)",
        r"\b[0-9]{3}[ -][0-9]{2}[ -][0-9]{4}\b",
        check=_ssn,
        is_number=True,
    ),
    Detector(
        "ca_sin",
        "Social Insurance Numbers of Canada, with hyphens (Luhn)",
        r"\b[1-79][0-9]{2}-[0-9]{3}-[0-9]{3}\b",
        check=_whole(checksums.luhn),
        is_number=True,
    ),
    Detector(
        "in_aadhaar",
        "Aadhaar numbers of India (Verhoeff)",
        r"\b[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}\b",
        check=_aadhaar,
        is_number=True,
    ),
    Detector(
        "br_cpf",
        "CPF numbers of Brazil (two check digits)",
        r"\b[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}[-/]?[0-9]{2}\b",
        check=_whole(checksums.cpf),
        is_number=True,
    ),
    Detector(
        "de_tax_id",
        "tax ids of Germany (repeated digits, MOD 11,10)",
        r"\b[1-9][0-9](?: ?[0-9]{3}){3}\b",
        check=_whole(checksums.german_tax_id),
        is_number=True,
    ),
    Detector(
        "gb_nino",
        "National Insurance numbers of the United Kingdom (prefixes)",
        r"(?i:\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b)",
        check=_nino,
    ),
    Detector(
        "fr_nir",
        "NIR of France, with their key (MOD 97)",
        r"\b[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[ABab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
        check=_whole(checksums.french_nir),
        is_number=True,
    ),
    Detector(
        "es_nif",
        "DNI and NIE of Spain (letter)",
        r"(?i:\b(?:[0-9]{8}|[XYZ]-?[0-9]{7})[- ]?[A-HJ-NP-TV-Z]\b)",
        check=_whole(checksums.spanish_nif),
    ),
    Detector(
        "it_fiscal_code",
        "codici fiscali of Italy (letter)",
        r"(?i:\b[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]\b)",
        check=_whole(checksums.italian_fiscal_code),
    ),
    Detector(
        "cn_resident_id",
        "resident identity numbers of China (date, MOD 11-2)",
        r"\b[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]\b",
        check=_whole(checksums.chinese_resident_id),
        is_number=True,
    ),
)
"""Every detector. A check asks for the digits that its source, named beside it or in :mod:`.checksums`, says."""

BY_NAME: Final = {detector.name: detector for detector in DETECTORS}
