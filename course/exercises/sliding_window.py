"""The exercises of chapter 01, Sliding window: one patch, one label, and what it costs."""

from course.exercises.exercise import Exercise

CHAPTER = "01_sliding_window"

EXERCISES: tuple[Exercise, ...] = ()
