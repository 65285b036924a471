"""What an answer sends to a GPU stays here, and torch's own tables of its functions stay whole."""

import subprocess
import sys

import pytest

SCRIPT = """
import torch
from autograde.sandbox.devices import stay_here
from autograde.sandbox.elsewhere import _uncompiled

setattr(torch, "compile", _uncompiled)
stay_here(["x = x.to('cuda')"])
x = torch.ones(2).cuda().to("cuda:0").to(device=torch.device("cuda", 1))
y = torch.zeros(2, device="cuda") + torch.full((2,), 2.0, device=torch.device("cuda"))
y = y + torch.ones_like(x, device="cuda")
torch.cuda.synchronize()
assert (x.device.type, y.device.type, y.tolist()) == ("cpu", "cpu", [3.0, 3.0])
assert torch.nn.Linear(2, 1).cuda().to("cuda").weight.device.type == "cpu"
assert torch.func.vjp(torch.sin, x)[1](x)[0].shape == (2,)
from torch._dynamo import trace_rules

assert trace_rules.get_torch_obj_rule_map()
"""


@pytest.mark.slow
@pytest.mark.compute
def test_every_way_to_a_gpu_ends_here_and_the_compilers_tables_can_still_be_read() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=120)


def test_a_word_that_ends_like_a_device_is_none() -> None:
    from autograde.sandbox import devices

    for code, named in {
        "stamps = lay(stamps)": False, "x.cuda()": True, 'd = "mps"': True, "to('cuda:0')": True, "scuda": False,
    }.items():  # fmt: skip
        assert bool(devices._NAMED.search(code)) is named
