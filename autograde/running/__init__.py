"""A whole class: a chapter's submissions come in; each is graded once, by many workers, and none is lost or doubled."""
