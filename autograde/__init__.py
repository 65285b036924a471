"""Everything that an instructor runs: building the notebooks, releasing them to a class and grading what comes back."""

import sys

# jsonschema would have this check IRIs, which no notebook has, and building its grammar takes a second a process.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
