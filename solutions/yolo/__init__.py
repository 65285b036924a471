"""YOLO: each cell of a grid says at once what is there and where, and there are no proposals (Redmon et al., 2016).

`encoding` turns objects into the numbers of a grid and a network's numbers into boxes, `losses` says which of a cell's
boxes learns an object, and what all of them cost, and `detector` puts them together.
"""

from solutions.yolo.detector import YOLO, GridNetwork
from solutions.yolo.encoding import decode_predictions, encode_targets
from solutions.yolo.losses import responsible_predictors, yolo_loss

__all__ = ["YOLO", "GridNetwork", "decode_predictions", "encode_targets", "responsible_predictors", "yolo_loss"]
