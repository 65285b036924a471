"""The bank of wrong and right answers: what students, people in a hurry and published code really write.

Each sentence names the misconception to its author and leaves the mending to them. Where two mistakes do the same on
every public case, only one of them stands here, since a check could not tell them apart. The variants look nothing like
the reference, and every check must accept them. `autograde.building.bank` loads a file by its exercise's name.
"""
