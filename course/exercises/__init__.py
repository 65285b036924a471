"""The exercises of every chapter: what each asks, what it is worth, and the cases that an answer must get right.

A chapter is a folder, an exercise a file of it. How answers are called and judged is `course.checking`'s.
"""
