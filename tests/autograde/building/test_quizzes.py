"""Nobody can pass a chapter's questions by where the right choice stands, or by how long it is."""

from collections import Counter

import pytest

from autograde.building.bank import CHECKOUT
from autograde.building.chapter import Choice, quiz, read
from course.exercises.catalogue import CHAPTERS

QUESTIONS = {
    chapter: [
        quiz(cell)[1]
        for cell in read(CHECKOUT / "course" / "chapters" / f"{chapter}.py")
        if cell.directive == "quiz"
    ]
    for chapter in CHAPTERS
}  # fmt: skip
ALL = [choices for questions in QUESTIONS.values() for choices in questions]


def place(choices: list[Choice]) -> int:
    return next(number for number, choice in enumerate(choices) if choice.right)


def is_longest(choices: list[Choice]) -> bool:
    lengths = [len(choice.text) for choice in choices]
    return lengths[place(choices)] == max(lengths) > min(lengths)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_right_choices_of_a_chapter_do_not_all_stand_in_one_place(chapter: str) -> None:
    assert len({place(choices) for choices in QUESTIONS[chapter]}) > 1


def test_no_letter_is_right_in_half_of_the_questions() -> None:
    counts = Counter(map(place, ALL))
    assert max(counts.values()) <= len(ALL) / 2, counts


def test_the_longest_choice_is_right_no_more_often_than_by_chance() -> None:
    by_chance = sum(1 / len(choices) for choices in ALL)
    assert sum(map(is_longest, ALL)) <= by_chance + 1
