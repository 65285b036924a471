"""The threat model promises what tests show, and has a section for every status that a report can name."""

import re
from pathlib import Path
from typing import get_args

from autograde.judging.results import Status

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "THREAT_MODEL.md").read_text(encoding="utf-8")


def test_every_promise_names_tests_that_exist() -> None:
    written = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    tests = {name for text in written for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}
    table = PAGE.split("## What is promised on which tier")[1].split("## What is not promised")[0]
    promises = [row for row in table.splitlines() if row.startswith("| ") and "yes" in row]
    assert len(promises) > 10
    for row in promises:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, f"no test shows: {row}"
        assert set(named) <= tests, row


def test_every_status_has_a_section_that_a_report_can_link_to() -> None:
    sections = re.findall(r"^### (.+)$", PAGE.split("## When a report says")[1].split("\n## ")[0], re.MULTILINE)
    assert set(sections) == set(get_args(Status)) - {"missing"}


def test_links_to_other_pages_lead_somewhere() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        for target in re.findall(r"\]\(([\w./-]+\.md)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).is_file(), f"{page.name} links to {target}"
