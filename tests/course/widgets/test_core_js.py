"""The widgets' JavaScript: run by vitest where node_modules is there; its golden numbers, always."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.course.widgets.golden import differing

ROOT = Path(__file__).parents[3]


def test_golden_numbers_are_what_the_reference_answers():
    assert differing() == [], "run python -m tests.course.widgets.golden"


def test_javascript_agrees_with_the_golden_numbers():
    npx = shutil.which("npx")
    if npx is None or not (ROOT / "node_modules" / "vitest").is_dir():
        pytest.skip("the JavaScript tests need Node and vitest: npm ci")
    run = subprocess.run([npx, "vitest", "run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
