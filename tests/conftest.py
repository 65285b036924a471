"""What holds for all tests: one thread a process, long computing first, pictures compared where they can be.

A long run ends with where its time went, by part and by chapter: CONTRIBUTING.md has the budget.
"""

import os
import re
import tomllib
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""On tensors as small as ours threads only wait for each other; kernels and commands that a test starts inherit it."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Compare pictures with the matplotlib that drew their baselines alone; by another one they are drawn, no more."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    if f"matplotlib=={version('matplotlib')}" not in project["tool"]["uv"]["constraint-dependencies"]:
        config.option.mpl = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("compute") is None)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say where the time went, by the folder or file of a test and by the chapter that it is about."""
    parts: dict[str, float] = defaultdict(float)
    chapters: dict[str, float] = defaultdict(float)
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if not isinstance(report, pytest.TestReport):
            continue
        path = Path(report.nodeid.partition("::")[0])
        parts[path.parent.as_posix() if len(path.parts) > 2 else path.as_posix()] += report.duration
        for chapter in re.findall(r"\b\d\d_[a-z_]+", report.nodeid):
            chapters[chapter] += report.duration
    if sum(parts.values()) < 60:
        return
    for title, seconds in (("part", parts), ("chapter, where a test names one", chapters)):
        terminalreporter.section(f"seconds by {title}")
        for name, total in sorted(seconds.items(), key=lambda each: -each[1]):
            terminalreporter.write_line(f"{total:7.0f}  {name}")
