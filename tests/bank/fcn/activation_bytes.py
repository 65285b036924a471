"""Wrong and right answers to `activation_bytes`."""

import copy
import math

import torch
from torch import nn

from autograde.building.bank import mistake, variant

# --- mistakes ---------------------------------------------------------------------------------------------------------


def outputs_of(network, image_shape):
    """Return (layer, output) of each layer, one after another."""
    x = torch.zeros(tuple(image_shape))
    found = []
    for layer in copy.deepcopy(network):
        x = layer(x)
        found.append((layer, x))
    return found


@mistake("You count the images that come in as well. Only what the layers make is asked for.")
def counts_the_input(network, image_shape, bytes_per_number=4):
    made = sum(x.numel() for _, x in outputs_of(network, image_shape))
    return (made + math.prod(image_shape)) * bytes_per_number


@mistake("You count numbers, not bytes: each number takes `bytes_per_number` of them.")
def counts_numbers(network, image_shape, bytes_per_number=4):
    return sum(x.numel() for _, x in outputs_of(network, image_shape))


@mistake("You take 4 bytes a number, whatever `bytes_per_number` says. In half precision it is 2.")
def always_four_bytes(network, image_shape, bytes_per_number=4):
    return 4 * sum(x.numel() for _, x in outputs_of(network, image_shape))


@mistake(
    "You count the convolutions alone. ReLU and pooling make new maps too, which wait for the backward pass like the "
    "others.",
)
def counts_convolutions_only(network, image_shape, bytes_per_number=4):
    made = [x.numel() for layer, x in outputs_of(network, image_shape) if isinstance(layer, nn.Conv2d)]
    return sum(made) * bytes_per_number


@mistake(
    "You take ReLU for free, as if it worked in place. Here each layer makes a new tensor.",
)
def takes_relu_for_free(network, image_shape, bytes_per_number=4):
    made = [x.numel() for layer, x in outputs_of(network, image_shape) if not isinstance(layer, nn.ReLU)]
    return sum(made) * bytes_per_number


@mistake("You count the weights of the layers. They do not grow with the image; the maps do.")
def counts_the_weights(network, image_shape, bytes_per_number=4):
    return sum(p.numel() for p in network.parameters()) * bytes_per_number


@mistake("You add the weights to the maps. Asked for are the layers' outputs alone.")
def counts_maps_and_weights(network, image_shape, bytes_per_number=4):
    made = sum(x.numel() for _, x in outputs_of(network, image_shape))
    return (made + sum(p.numel() for p in network.parameters())) * bytes_per_number


@mistake("You count the last output only. The maps before it are kept as well.")
def counts_the_last_output(network, image_shape, bytes_per_number=4):
    found = outputs_of(network, image_shape)
    return found[-1][1].numel() * bytes_per_number if found else 0


@mistake("You count the network as a layer of its own: its output is that of the last layer, and is there only once.")
def counts_the_network_too(network, image_shape, bytes_per_number=4):
    sizes = [x.numel() for _, x in outputs_of(network, image_shape)]
    return (sum(sizes) + sum(sizes[-1:])) * bytes_per_number


@mistake("You return the largest map. All of them are kept, so they add up.")
def takes_the_largest_map(network, image_shape, bytes_per_number=4):
    return max((x.numel() for _, x in outputs_of(network, image_shape)), default=0) * bytes_per_number


@mistake("You leave out the last layer. Its output is a map like the others.")
def leaves_out_the_last_layer(network, image_shape, bytes_per_number=4):
    return sum(x.numel() for _, x in outputs_of(network, image_shape)[:-1]) * bytes_per_number


@mistake("You count a single image. The maps of the whole batch are kept at once.")
def counts_one_image(network, image_shape, bytes_per_number=4):
    made = sum(x.numel() for _, x in outputs_of(network, (1, *image_shape[1:])))
    return made * bytes_per_number


@mistake("You count bits. A byte has eight of them.")
def counts_bits(network, image_shape, bytes_per_number=4):
    return 8 * bytes_per_number * sum(x.numel() for _, x in outputs_of(network, image_shape))


@mistake("You return kilobytes or megabytes; the answer is in bytes.")
def counts_kilobytes(network, image_shape, bytes_per_number=4):
    return bytes_per_number * sum(x.numel() for _, x in outputs_of(network, image_shape)) / 1024


@mistake("You count everything twice, once for the gradients. Asked for are the outputs alone.")
def counts_gradients_too(network, image_shape, bytes_per_number=4):
    return 2 * bytes_per_number * sum(x.numel() for _, x in outputs_of(network, image_shape))


@mistake("You let every layer keep height and width. A stride, a pooling or a missing padding does not.")
def every_layer_keeps_the_size(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        c = getattr(layer, "out_channels", c)
        total += n * c * h * w
    return total * bytes_per_number


def by_formula(network, image_shape, bytes_per_number, *, use=("stride", "padding", "dilation"), rounding=None):
    """Compute sizes by the formula, with the arguments in `use` alone; `rounding` is used for every layer."""
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if isinstance(layer, nn.ConvTranspose2d | nn.Upsample):
            n, c, h, w = copy.deepcopy(layer)(torch.zeros(n, c, h, w)).shape
        elif hasattr(layer, "kernel_size"):
            sides = []
            for axis, size in enumerate((h, w)):

                def of(name, default, axis=axis, layer=layer):
                    value = getattr(layer, name, default) if name in use or name == "kernel_size" else default
                    return value if isinstance(value, int) else value[axis]

                span = of("dilation", 1) * (of("kernel_size", 1) - 1) + 1
                exact = (size + 2 * of("padding", 0) - span) / of("stride", 1)
                up = getattr(layer, "ceil_mode", False)
                sides.append((rounding or (math.ceil if up else math.floor))(exact) + 1)
            h, w = sides
            c = getattr(layer, "out_channels", c)
        total += n * c * h * w
    return total * bytes_per_number


@mistake("Your sizes leave out the dilation: a dilated filter spans more pixels than it has weights.")
def forgets_the_dilation(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, use=("stride", "padding"))


@mistake("Your sizes leave out the padding, which adds pixels on both sides.")
def forgets_the_padding(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, use=("stride", "dilation"))


@mistake("Your sizes leave out the stride: a filter that takes larger steps finds fewer places.")
def forgets_the_stride(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, use=("padding", "dilation"))


@mistake("You always round sizes down. A pooling with `ceil_mode=True` keeps what is left over.")
def always_rounds_down(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, rounding=math.floor)


@mistake("You always round sizes up. A window that does not fit is left out, unless `ceil_mode` is set.")
def always_rounds_up(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, rounding=math.ceil)


@mistake("You expect sizes to be equal for height and width; a pair holds the height first.")
def takes_the_height_for_both(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if isinstance(layer, nn.ConvTranspose2d | nn.Upsample):
            n, c, h, w = copy.deepcopy(layer)(torch.zeros(n, c, h, w)).shape
        elif hasattr(layer, "kernel_size"):
            k, s, p, d = (
                value if isinstance(value, int) else value[0]
                for value in (layer.kernel_size, layer.stride, layer.padding, getattr(layer, "dilation", 1))
            )
            up = math.ceil if getattr(layer, "ceil_mode", False) else math.floor
            h, w = (up((size + 2 * p - d * (k - 1) - 1) / s) + 1 for size in (h, w))
            c = getattr(layer, "out_channels", c)
        total += n * c * h * w
    return total * bytes_per_number


@mistake("You count the channels that come into a convolution; its output has `out_channels`.")
def counts_channels_that_come_in(network, image_shape, bytes_per_number=4):
    total = 0
    channels = image_shape[1]
    for layer, x in outputs_of(network, image_shape):
        channels = getattr(layer, "in_channels", channels)
        total += x.numel() // max(x.shape[1], 1) * channels
    return total * bytes_per_number


@mistake("You give every layer the first image. Each layer works on the output of the one before it.")
def gives_every_layer_the_image(network, image_shape, bytes_per_number=4):
    x = torch.zeros(tuple(image_shape))
    return sum(layer(x).numel() for layer in copy.deepcopy(network)) * bytes_per_number


@mistake(
    "Your formula knows convolutions and max pooling alone; any other layer keeps the size for it. There are layers "
    "that make maps larger, and other poolings.",
)
def knows_two_kinds_of_layers(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            n, c, h, w = layer(torch.zeros(n, c, h, w)).shape
        total += n * c * h * w
    return total * bytes_per_number


@mistake(
    "You take whatever is no ReLU for a convolution or a pooling. A batch norm has no `kernel_size`, nor has an "
    "upsampling: there are many kinds of layers.",
)
def takes_every_layer_for_a_window(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if not isinstance(layer, nn.ReLU):
            if not hasattr(layer, "kernel_size"):
                raise TypeError(f"unsupported layer {layer}")
            n, c, h, w = copy.deepcopy(layer)(torch.zeros(n, c, h, w)).shape
        total += n * c * h * w
    return total * bytes_per_number


@mistake(
    "You send an image through the network itself, in training mode: its batch norm takes that image into its running "
    "mean. The network's owner did not ask for that.",
)
def runs_the_network_itself(network, image_shape, bytes_per_number=4):
    x = torch.zeros(tuple(image_shape))
    total = 0
    with torch.no_grad():
        for layer in network:
            x = layer(x)
            total += x.numel()
    return total * bytes_per_number


@mistake(
    "`network.to(...)` moves the network itself. Its owner finds it without weights afterwards; work on a copy.",
)
def moves_the_network_away(network, image_shape, bytes_per_number=4):
    x = torch.empty(tuple(image_shape), device="meta")
    total = 0
    for layer in network.to("meta"):
        x = layer(x)
        total += x.numel()
    return total * bytes_per_number


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def bytes_of_a_real_run(network, image_shape, bytes_per_number=4):
    x = torch.zeros(*image_shape)
    total = 0
    with torch.no_grad():
        for layer in copy.deepcopy(network):
            x = layer(x)
            total += x.numel() * bytes_per_number
    return total


@variant
def bytes_by_hooks(network: nn.Sequential, shape: tuple[int, ...], size: int = 4) -> int:
    numbers = []
    training = network.training
    network.eval()
    handles = [
        layer.register_forward_hook(lambda layer, inputs, output: numbers.append(output.numel())) for layer in network
    ]
    network(torch.rand(shape))
    for handle in handles:
        handle.remove()
    network.train(training)
    return size * sum(numbers)


@variant
def bytes_by_formula(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if isinstance(layer, nn.Upsample):
            h, w = int(h * layer.scale_factor), int(w * layer.scale_factor)
        elif isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d | nn.ConvTranspose2d):
            (kh, kw), (sh, sw), (ph, pw), (dh, dw) = (
                (value, value) if isinstance(value, int) else value
                for value in (layer.kernel_size, layer.stride, layer.padding, getattr(layer, "dilation", 1))
            )
            round_ = math.ceil if getattr(layer, "ceil_mode", False) else math.floor
            if isinstance(layer, nn.ConvTranspose2d):
                h = (h - 1) * sh - 2 * ph + dh * (kh - 1) + layer.output_padding[0] + 1
                w = (w - 1) * sw - 2 * pw + dw * (kw - 1) + layer.output_padding[1] + 1
            else:
                h = round_((h + 2 * ph - dh * (kh - 1) - 1) / sh) + 1
                w = round_((w + 2 * pw - dw * (kw - 1) - 1) / sw) + 1
            c = getattr(layer, "out_channels", c)
        total += n * c * h * w
    return total * bytes_per_number


@variant
def bytes_on_the_meta_device(network, image_shape, bytes_per_number=4):
    x = torch.empty(image_shape, device="meta")
    total = 0
    for layer in copy.deepcopy(network).to("meta"):
        x = layer(x)
        total += math.prod(x.shape)
    return total * bytes_per_number


@variant
def bytes_of_growing_networks(network, image_shape, bytes_per_number=4):
    x = torch.zeros(image_shape)
    network = copy.deepcopy(network).eval()
    return sum(network[: depth + 1](x).numel() for depth in range(len(network))) * bytes_per_number


@variant
def bytes_of_one_image_times_the_batch(network, image_shape, bytes_per_number=4):
    x = torch.zeros(1, *image_shape[1:])
    total = 0
    for layer in copy.deepcopy(network).eval().children():
        x = layer(x).detach()
        total += x.numel()
    return image_shape[0] * total * bytes_per_number


@variant
def bytes_with_fake_tensors(network, image_shape, bytes_per_number=4):
    outputs = []
    with torch.device("meta"):
        x = torch.zeros(tuple(image_shape))
    for layer in network:
        own = {name: tensor.to("meta") for name, tensor in layer.state_dict().items()}
        x = torch.func.functional_call(layer, own, (x,))
        outputs.append(x)
    return torch.tensor(sum(x.numel() for x in outputs) * bytes_per_number)


@variant
def bytes_with_the_state_put_back(network, image_shape, bytes_per_number=4):
    before = copy.deepcopy(network.state_dict())
    x, total = torch.rand(image_shape), 0
    for layer in network:
        x = layer(x)
        total += x.numel()
    network.load_state_dict(before)
    return total * bytes_per_number


@variant
def bytes_in_eval_mode_and_back(network, image_shape, bytes_per_number=4):
    modes = [layer.training for layer in network]
    x, total = torch.zeros(image_shape), 0
    with torch.inference_mode():
        for layer in network.eval():
            x = layer(x)
            total += math.prod(x.size()) * bytes_per_number
    for layer, mode in zip(network, modes, strict=True):
        layer.train(mode)
    return total


@variant
def bytes_by_hooks_on_a_copy(network, image_shape, bytes_per_number=4):
    network, sizes = copy.deepcopy(network), []
    for layer in network.children():
        layer.register_forward_hook(lambda layer, inputs, output: sizes.append(output.nelement()))
    network(torch.randn(tuple(image_shape)))
    return bytes_per_number * sum(sizes)


@variant
def bytes_in_eval_mode(network, image_shape, bytes_per_number=4):
    network.eval()
    x, total = torch.ones(image_shape), 0.0
    for name in dict(network.named_children()):
        x = getattr(network, name)(x)
        total += float(x.nelement()) * bytes_per_number
    return total
