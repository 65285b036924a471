"""nbgrader's gradebook, opened once for a piece of work that nbgrader opens it a dozen times for.

nbgrader makes a new engine for every look at its database, and each asks for the tables, compiles its queries and
commits by itself: twenty commits a submission. Within `one_transaction` they share one connection, and what they write
is committed together or, when the work fails, not at all. So a killed grader leaves no half of a record either.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from nbgrader import api
from sqlalchemy import Connection, Engine, create_engine


class _Shared(Connection):
    """A connection in the place of an engine: nobody but its owner closes it."""

    _has_tables = False

    def dispose(self) -> None:
        """Do nothing; nbgrader disposes of its engine at every turn."""

    def _run_ddl_visitor(self, *what: object, **options: object) -> None:
        """Make the tables that are missing, once: nbgrader asks for each of them whenever it opens its gradebook."""
        if not self._has_tables:
            super()._run_ddl_visitor(*what, **options)  # type: ignore[arg-type]
        self._has_tables = True


@contextmanager
def one_transaction(url: str) -> Iterator[None]:
    """Have all of nbgrader's work on the gradebook at `url` in the body be one transaction, from one thread.

    Sessions within see what was written before in it; an exception takes all of it back.
    """
    make = api.create_engine
    shared = _Shared(_engine(url))
    try:
        with shared.begin():
            api.create_engine = lambda wanted, **options: shared if wanted == url else make(wanted, **options)
            yield
    finally:
        api.create_engine = make
        shared.close()


@lru_cache(maxsize=4)
def _engine(url: str) -> Engine:
    """Return an engine that has compiled the queries already that it was asked before."""
    return create_engine(url)
