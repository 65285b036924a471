"""What an exercise forbids is taken away in the sandbox, however an answer came by it."""

import pytest

from autograde import verdicts
from autograde.sandbox.client import Sandbox
from course.exercises.catalogue import find

WAYS = {
    "taken before the cases come": """
metrics = __import__("torch" + "metrics").functional.classification
count = getattr(metrics, "multiclass_" + "confusion_matrix")
def confusion_matrix(pred, target, num_classes, ignore_index=255):
    return count(pred, target, num_classes, ignore_index=ignore_index)
""",
    "a class, taken before": """
kind = getattr(__import__("torch" + "metrics.classification").classification, "MulticlassConfusion" + "Matrix")
def confusion_matrix(pred, target, num_classes, ignore_index=255):
    return kind(num_classes, ignore_index=ignore_index)(pred, target)
""",
    "imported when asked": """
def confusion_matrix(pred, target, num_classes, ignore_index=255):
    metrics = __import__("importlib").import_module("torch" + "metrics.functional.classification")
    return metrics.multiclass_confusion_matrix(pred, target, num_classes, ignore_index=ignore_index)
""",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_forbidden_library_earns_nothing(way: str) -> None:
    exercise = find("confusion_matrix")
    with Sandbox() as sandbox, sandbox.submission() as submission:
        trace = verdicts.run_public(submission, exercise, (WAYS[way],))
    result = verdicts.conclude(exercise, trace, (WAYS[way],), None)
    assert (result.score, result.passed) == (0, False)
