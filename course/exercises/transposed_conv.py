"""The exercises of chapter 04, Transposed convolution: an upsampling that is learnt."""

from course.exercises.exercise import Exercise

CHAPTER = "04_transposed_conv"

EXERCISES: tuple[Exercise, ...] = ()
