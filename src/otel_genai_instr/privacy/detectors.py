"""What is found in text by itself: a table, one row per kind, with what tells it from what only looks like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..records import field, frozen
from . import checks, checksums
from .checks import Candidate


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
        check=checks.email,
    ),
    Detector(
        "phone",
        "phone numbers: international ones, and national ones in groups",
        "|".join(
            (
                r"\+[1-9](?:[ ./()-]{0,3}[0-9]){7,19}",
                r"\b00[ -]?[1-9][0-9]{0,2}(?:[ ./()-]{1,3}[0-9]{1,5}){2,6}\b",
                r"(?:\b1[ .-])?(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}\b",  # NANP
                # Britain, Germany, Japan, Australia, ...
                r"(?:\b0[1-9][0-9]{0,3}|\(0[1-9][0-9]{0,3}\))[ /-][0-9]{3,8}(?:[ -][0-9]{2,5}){0,2}\b",
                r"\b0[1-9](?:[ .-][0-9]{2}){4}\b",  # France
                r"\b[679][0-9]{2}(?:[ -][0-9]{2}){3}\b",  # Spain
                r"\b[6-9][0-9]{4}[ -][0-9]{5}\b",  # India
                r"\([1-9][0-9]\) ?9?[0-9]{4}-[0-9]{4}\b",  # Brazil
                r"\b1[3-9][0-9][ -][0-9]{4}[ -][0-9]{4}\b",  # China
            )
        ),
        check=checks.phone,
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
        check=checks.card,
        is_number=True,
    ),
    Detector(
        "iban",
        "bank accounts (length by country, MOD 97-10)",
        r"(?i:\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?\b)",
        check=checks.iban,
    ),
    Detector(
        "ip_address",
        "IPv4 and IPv6 addresses, but those of the machine itself",
        r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b"
        r"|(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b)?",
        check=checks.ip_address,
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
        check=checks.with_digit,
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
        check=checks.ssn,
        is_number=True,
    ),
    Detector(
        "ca_sin",
        "Social Insurance Numbers of Canada, with hyphens (Luhn)",
        r"\b[0-79][0-9]{2}-[0-9]{3}-[0-9]{3}\b",
        check=checks.whole(checksums.luhn),
        is_number=True,
    ),
    Detector(
        "in_aadhaar",
        "Aadhaar numbers of India (Verhoeff)",
        r"\b[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}\b",
        check=checks.aadhaar,
        is_number=True,
    ),
    Detector(
        "br_cpf",
        "CPF numbers of Brazil (two check digits)",
        r"\b[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}[-/]?[0-9]{2}\b",
        check=checks.whole(checksums.cpf),
        is_number=True,
    ),
    Detector(
        "de_tax_id",
        "tax ids of Germany (repeated digits, MOD 11,10)",
        r"\b[1-9][0-9](?: ?[0-9]{3}){3}\b",
        check=checks.whole(checksums.german_tax_id),
        is_number=True,
    ),
    Detector(
        "gb_nino",
        "National Insurance numbers of the United Kingdom (prefixes)",
        r"(?i:\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b)",
        check=checks.nino,
    ),
    Detector(
        "fr_nir",
        "NIR of France, with their key (MOD 97)",
        r"\b[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[ABab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
        check=checks.whole(checksums.french_nir),
        is_number=True,
    ),
    Detector(
        "es_nif",
        "DNI and NIE of Spain (letter)",
        r"(?i:\b(?:[0-9]{8}|[XYZ]-?[0-9]{7})[- ]?[A-HJ-NP-TV-Z]\b)",
        check=checks.whole(checksums.spanish_nif),
    ),
    Detector(
        "it_fiscal_code",
        "codici fiscali of Italy (letter)",
        r"(?i:\b[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]\b)",
        check=checks.whole(checksums.italian_fiscal_code),
    ),
    Detector(
        "cn_resident_id",
        "resident identity numbers of China (date, MOD 11-2)",
        r"\b[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]\b",
        check=checks.whole(checksums.chinese_resident_id),
        is_number=True,
    ),
)
"""Every detector. A check asks for the digits that its source, named beside it or in :mod:`.checksums`, says."""

BY_NAME: Final = {detector.name: detector for detector in DETECTORS}
