"""Golden numbers of chapter 7's widgets: boxes as four numbers and back, regions alike and merged."""

import torch

from solutions.boxes import decode_boxes, encode_boxes

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Case = dict[str, Json]


def coding_cases() -> list[Case]:
    """Return pairs of boxes with their deltas, and where these and others take the proposal, at two weightings.

    Among them ratios that the clamp cuts off, from 62.5 on, and deltas that move a box off the picture.
    """
    pairs = [
        ("a near miss", [32.0, 8.0, 96.0, 56.0], [16.0, 32.0, 144.0, 80.0], [0.1, -0.2, 0.3, -0.4]),
        ("the same box", [10.0, 20.0, 50.0, 100.0], [10.0, 20.0, 50.0, 100.0], [-2.0, 3.0, 0.0, 0.0]),
        ("a tiny proposal", [158.0, 94.0, 162.0, 98.0], [32.0, 48.0, 288.0, 144.0], [0.0, 0.0, 4.13, 4.14]),
        ("both sides cut off", [0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 320.0, 256.0], [1.0, 1.0, 20.0, 21.0]),
        ("far away and smaller", [200.0, 100.0, 320.0, 192.0], [0.0, 0.0, 6.0, 4.0], [0.25, 0.5, -3.0, -9.0]),
    ]
    cases: list[Case] = []
    for name, proposal, target, moved in pairs:
        for weights in ((1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)):
            anchor, box = (torch.tensor([each], dtype=torch.float64) for each in (proposal, target))
            deltas = encode_boxes(box, anchor, weights)
            scaled = torch.tensor([moved], dtype=torch.float64) * torch.tensor(weights, dtype=torch.float64)
            cases.append(
                {
                    "name": f"{name}, weights {weights[0]:g} and {weights[2]:g}",
                    "proposal": [*proposal],
                    "target": [*target],
                    "weights": [*weights],
                    "deltas": deltas[0].tolist(),
                    "landed": decode_boxes(deltas, anchor, weights)[0].tolist(),
                    "moved": scaled[0].tolist(),
                    "movedTo": decode_boxes(scaled, anchor, weights)[0].tolist(),
                }
            )
    return cases
