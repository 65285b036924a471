"""What makes nbgrader grade as this course does: its settings, in one place for all classes.

A class's nbgrader_config.py calls `configure`, so that a class keeps up with the grader that is installed. What the
file sets after the call is the instructor's word.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traitlets.config import Config

MARK = "# A class of From Pixels to Instances, made by `autograde init`."
"""The first line of a class's nbgrader_config.py."""

IMPORT = "from autograde.classroom.configuration import configure"
CALL = "configure(c)"
"""How it takes these settings over."""

TEMPLATE = f"""{MARK}
# An ordinary nbgrader course: `nbgrader` and formgrader work in this directory as they always do.
{IMPORT}

c = get_config()  # noqa: F821
{CALL}  # submissions are mended, run in a sandbox and judged outside; pages show a student's own work

c.CourseDirectory.course_id = "{{course_id}}"
# The gradebook is gradebook.db in this directory, unless CourseDirectory.db_url says otherwise.

# Seconds and bytes that a submission may take; autograde/sandbox/limits.py has all of them.
# c.Assess.limits = {{{{"cell": 60.0}}}}

# Where the notebooks that you release get the course, on a computer that lacks it (as Colab's): what pip installs
# from, such as a Git address, a package's name, a wheel's address, or a wheel in Google Drive. Else the course's own.
# c.Release.install_from = "/content/drive/MyDrive/pixels_to_instances_course-0.1.0-py3-none-any.whl"
"""


def configure(c: "Config") -> None:
    """Set what nbgrader is to do."""
    from autograde.classroom.timestamps import tolerate

    tolerate()

    # What a student finds in place of a solution.
    c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("not written yet")'}

    # What is released shows its pictures before anything has run.
    c.GenerateAssignment.preprocessors = [
        "nbgrader.preprocessors.IncludeHeaderFooter",
        "nbgrader.preprocessors.InstantiateTests",
        "nbgrader.preprocessors.LockCells",
        "nbgrader.preprocessors.ClearSolutions",
        "autograde.nbgrader_plugin.ClearRuns",
        "nbgrader.preprocessors.CheckCellMetadata",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.SaveCells",
        "nbgrader.preprocessors.ClearHiddenTests",
        "nbgrader.preprocessors.ClearMarkScheme",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

    # What was handed in is mended first: a renamed notebook is found, a lost mark, a cell that is there twice, a check
    # that was deleted. What cannot be read has no marks, and a reason.
    c.Autograde.pre_convert_hook = "autograde.nbgrader_plugin.find"
    c.Autograde.exporter_class = "autograde.nbgrader_plugin.Reader"
    c.Autograde.sanitize_preprocessors = [
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.DeduplicateIds",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

    # Students' code runs in a sandbox, and marks are made outside of it: this takes the place of nbgrader's Execute.
    c.Autograde.autograde_preprocessors = [
        "autograde.nbgrader_plugin.Assess",
        "nbgrader.preprocessors.IgnorePattern",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

    # A feedback page shows a student's own work and what came of it, not the whole chapter once more.
    c.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "autograde.feedback.presenting.Present",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
