"""Label maps by blocks and by animals, against hand-counted ones and a count of each block by itself."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.farm import SEMANTIC_CLASSES, Farm
from course.labels import block_labels, share_named_right
from course.segmentation import IGNORE


def test_a_block_gets_its_most_frequent_label_and_ignored_pixels_have_no_vote() -> None:
    labels = torch.tensor([[[1, 1, 0, 2], [1, 2, 2, 0], [IGNORE, IGNORE, 3, 3], [IGNORE, 2, 3, 3]]])
    assert block_labels(labels, 2, num_classes=4).tolist() == [[[1, 1, 0, 0], [1, 1, 0, 0], [2, 2, 3, 3], [2, 2, 3, 3]]]


def test_blocks_agree_with_counting_each_block_by_itself() -> None:
    labels = torch.stack([Farm(2, seed=3)[index][1]["semantic"] for index in range(2)])
    coarse = block_labels(labels, 8, len(SEMANTIC_CLASSES))
    for number, row, column in ((0, 0, 0), (0, 24, 40), (1, 56, 56), (1, 32, 8)):
        block = labels[number, row : row + 8, column : column + 8]
        counts = torch.bincount(block[block != IGNORE], minlength=len(SEMANTIC_CLASSES))
        assert torch.all(coarse[number, row : row + 8, column : column + 8] == counts.argmax())


class Names(nn.Module):
    """A network that calls every pixel of each picture what it is told to, in order."""

    def __init__(self, *maps: Tensor) -> None:
        super().__init__()
        self.maps = iter(maps)

    def forward(self, x: Tensor) -> Tensor:
        return F.one_hot(next(self.maps), len(SEMANTIC_CLASSES)).permute(2, 0, 1)[None].float()


def test_an_animal_is_named_right_when_its_own_name_is_the_most_frequent_on_it() -> None:
    farm = Farm(12, seed=1, animals=(1, 3), empty=0)
    animals = [len(farm[index][1]["labels"]) for index in range(12)]
    right = [farm[index][1]["semantic"].clamp(max=len(SEMANTIC_CLASSES) - 1) for index in range(12)]
    assert share_named_right(Names(*right), farm) == 1
    nothing = [torch.zeros_like(each) for each in right]
    assert share_named_right(Names(*nothing), farm) == 0
    assert share_named_right(Names(*right[:5], *nothing[5:]), farm) == pytest.approx(sum(animals[:5]) / sum(animals))


def test_outlines_have_no_say_in_what_an_animal_is_called() -> None:
    farm = Farm(1, seed=1, animals=(1, 1), empty=0)
    semantic = farm[0][1]["semantic"]
    said = semantic.clamp(max=len(SEMANTIC_CLASSES) - 1)
    said[semantic == IGNORE] = 0
    assert share_named_right(Names(said), farm) == 1


def test_scenes_without_animals_are_one_sentence() -> None:
    with pytest.raises(ValueError, match="there is no animal in these scenes to name"):
        share_named_right(Names(torch.zeros(64, 64, dtype=torch.long)), Farm(1, animals=(0, 0)))
