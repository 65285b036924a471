"""From Pixels to Instances: what a student gets.

`course.exercises` holds what each exercise asks and how an answer is checked, `course.widgets` the interactive figures,
`course/chapters` the chapters' sources and `course/notebooks` the notebooks built from them. Nothing here contains a
solution, and importing this package does not import torch; it tells torch's threads how to wait.
"""

from course.threads import settle

__version__ = "0.1.0"

settle()
