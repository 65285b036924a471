"""The exercises of chapter 02, Fully convolutional networks: every pixel at once."""

from course.exercises.exercise import Exercise

CHAPTER = "02_fcn"

EXERCISES: tuple[Exercise, ...] = ()
