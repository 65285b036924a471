"""Where the course lives. Whoever forks it changes `REPOSITORY`, here and nowhere else, and runs `autograde build`."""

REPOSITORY = "pixels-to-instances/pixels-to-instances"
"""Owner and name on GitHub: the address of the Colab badges and of the installation on Colab."""

BRANCH = "main"

INSTALL_FROM = f"git+https://github.com/{REPOSITORY}@{BRANCH}#subdirectory=course"
"""Where the first cell of a notebook gets the course, when it is missing: anything that pip installs from, such as a
Git address, a package's name in an index, the address of a wheel, or a wheel's path in Google Drive (/content/drive/…).

It is to be the package `course` alone, without the solutions. A class has its own: `autograde release --install-from`.
"""
