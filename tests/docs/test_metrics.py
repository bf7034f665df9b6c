"""The page for operators names every metric with its labels, and none that is not there."""

import re
from collections.abc import Mapping

from prometheus_client import REGISTRY

from shared.http.middleware import METER
from tests.docs.documents import ROOT

ROW = re.compile(r"^\| `(modplane_\w+)` \|([\w, ]*)\|", re.MULTILINE)


def told() -> Mapping[str, set[str]]:
    rows = ROW.findall((ROOT / "docs" / "operations.md").read_text())
    assert len(rows) == len(dict(rows))
    return {name: set(filter(None, map(str.strip, labels.split(",")))) for name, labels in rows}


def there_is() -> dict[str, set[str]]:
    """Every metric of ours by the name under which it is asked for, and its labels."""
    found: dict[str, set[str]] = {}
    for collector, names in list(REGISTRY._collector_to_names.items()):  # noqa: SLF001 - the library lists them nowhere
        if any(name.startswith("modplane_") for name in names) and collector is not METER:
            total = f"{min(names, key=len)}_total"
            found[total if total in names else min(names, key=len)] = set(getattr(collector, "_labelnames", ()))
    return found | {"modplane_http_request_seconds": {"route", "method", "status"}}


def test_every_metric_is_told_with_its_labels() -> None:
    assert told() == there_is()
