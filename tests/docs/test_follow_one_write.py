"""Every name on the way of one write stands where the document says."""

import re

import pytest

from tests.docs.documents import ROOT, resolved

DOCUMENT = ROOT / "docs" / "follow-one-write.md"
NAMED_LINK = re.compile(r"\[`([\w.]+)`\]\((\.\./src/[\w/]+\.py)\)")
LINKS = sorted(set(NAMED_LINK.findall(DOCUMENT.read_text())))
MAX_FILES = 10
HOP_ROW = re.compile(r"^\| \d+ \|.*$", re.MULTILINE)
HOP = re.compile(r"^\| (\d+) \| \[`", re.MULTILINE)


@pytest.mark.parametrize(("symbol", "target"), LINKS)
def test_a_linked_name_stands_in_its_file(symbol: str, target: str) -> None:
    file = (DOCUMENT.parent / target).resolve()
    found = resolved(".".join(file.relative_to(ROOT / "src").with_suffix("").parts), symbol)
    assert re.search(
        rf"^\s*(?:async )?(?:def|class) {symbol.rpartition('.')[2]}\b|^{symbol} = ", file.read_text(), re.MULTILINE
    )
    assert found is not None


def test_every_link_to_source_is_named() -> None:
    text = DOCUMENT.read_text()
    assert len(NAMED_LINK.findall(text)) == text.count("](../src/")


def test_every_hop_leads_somewhere_and_they_are_counted() -> None:
    hops = [int(number) for number in HOP.findall(DOCUMENT.read_text())]
    assert hops == list(range(1, len(hops) + 1))
    assert len(hops) > 15


def test_the_path_leads_through_at_most_ten_files() -> None:
    files = {target for row in HOP_ROW.findall(DOCUMENT.read_text()) for _, target in NAMED_LINK.findall(row)}
    assert len(files) <= MAX_FILES


def test_a_name_that_is_not_there_is_found() -> None:
    with pytest.raises(AttributeError):
        resolved("shared.commands.bus", "CommandBus.carry_out")
