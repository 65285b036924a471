"""What the answers to several exercises of this chapter use."""


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def nails(x, scale, row=0, column=0):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    out[:, :, row::scale, column::scale] = x
    return out


def sizes(kernel_size, stride, padding):
    kernel = pair(kernel_size)
    return kernel, kernel if stride is None else pair(stride), pair(padding)


def out_size(x, kernel_size, stride, padding, output_size):
    (kh, kw), (sh, sw), (ph, pw) = sizes(kernel_size, stride, padding)
    if output_size is not None:
        return tuple(output_size[-2:])
    return (x.shape[2] - 1) * sh - 2 * ph + kh, (x.shape[3] - 1) * sw - 2 * pw + kw


def put_back(x, indices, size):
    n, c = x.shape[:2]
    return x.new_zeros(n, c, size[0] * size[1]).scatter(2, indices.flatten(2), x.flatten(2)).view(n, c, *size)


def put_back_clamped(x, indices, size):
    h, w = (max(1, side) for side in size)
    return put_back(x, indices.clamp(max=h * w - 1), (h, w))


def full_sizes(kernel_size, stride, padding):
    kernel = pair(kernel_size)
    return kernel, kernel if stride is None else pair(stride), pair(padding)


def unpooled_size(x, kernel_size, stride, padding, output_size):
    if output_size is not None:
        return tuple(output_size)[-2:]
    kernel, stride, padding = full_sizes(kernel_size, stride, padding)
    return tuple((x.shape[2 + i] - 1) * stride[i] - 2 * padding[i] + kernel[i] for i in (0, 1))
