"""The full reference implementations, one module a topic.

Each public function is written once, here: the student's stub, the instructor's solution, the expected answers, the
grader's oracle and the widgets' golden numbers are all views of it (see docs/DESIGN.md).
"""

import course  # noqa: F401  (before torch: it says how torch's threads wait)
