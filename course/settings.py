"""Where the course lives. Whoever forks it changes `REPOSITORY`, here and nowhere else, and runs `autograde build`."""

REPOSITORY = "pixels-to-instances/pixels-to-instances"
"""Owner and name on GitHub: the address of the Colab badges and of the installation on Colab."""

BRANCH = "main"

STUDENT_REQUIREMENT = f"pixels-to-instances-course @ git+https://github.com/{REPOSITORY}@{BRANCH}#subdirectory=course"
"""What pip installs on a student's machine: the package `course` alone, without the solutions."""
