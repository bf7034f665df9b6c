"""E-mail addresses in the one spelling under which they are stored and compared."""

import re
import unicodedata

import idna

from shared.text.forms import UNSEEN, flaw_of, folded

MAX_EMAIL = 254
MAX_LOCAL_PART = 64

LOCAL_PART = re.compile(r'[^\s@\x00-\x1f\x7f"(),:;<>\[\]\\]+')
DOMAIN_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
PREFIX = "xn--"


def normalized_email(text: str) -> str:
    """Return the one spelling of an address, without invisible characters; it need not be a valid address."""
    return email_of(text) or folded(text).strip()


def email_of(text: str) -> str | None:
    """Return the address in its one spelling: case and compatibility forms folded, the domain in Unicode (U-labels).

    None when its syntax is wrong; nothing else is checked.
    """
    shown = unicodedata.normalize("NFKC", UNSEEN.sub("", text)).strip()
    local_part, _, domain = shown.partition("@")
    local_part, labels = folded(local_part), labels_of(domain)
    email = f"{local_part}@{'.'.join(labels or ())}"
    if labels is None or len(email) > MAX_EMAIL or len(local_part) > MAX_LOCAL_PART:
        return None
    return email if LOCAL_PART.fullmatch(local_part) and flaw_of(email) is None else None


def labels_of(domain: str) -> list[str] | None:
    try:
        mapped = domain.lower() if domain.isascii() else idna.uts46_remap(domain, std3_rules=False)
        labels = [label_of(label) for label in mapped.split(".")]
    except (idna.IDNAError, UnicodeError):
        return None
    return labels if all(DOMAIN_LABEL.fullmatch(label) for label in labels) else None


def label_of(label: str) -> str:
    """Return a label in Unicode; `xn--` and what it stands for are one. Raises `IDNAError`."""
    if label.isascii() and not label.startswith(PREFIX):
        return label
    read = UNSEEN.sub("", idna.ulabel(label)) if label.isascii() else label
    idna.alabel(read)
    return read


def in_ascii(email: str) -> str:
    local_part, _, domain = email.partition("@")
    return f"{local_part}@{'.'.join(as_ascii(label) for label in domain.split('.'))}"


def as_ascii(label: str) -> str:
    try:
        return label if label.isascii() else idna.alabel(label).decode()
    except (idna.IDNAError, UnicodeError):
        return label
