"""Wrong and right answers to `smooth_l1`."""

import torch

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def pieces(pred, target, beta, parabola=None, line=None, near=None):
    """Return the right answer, but for the piece that the caller changes."""
    d = (pred - target).abs()
    if beta == 0:
        return d
    inside = d < beta if near is None else near(d)
    inner = 0.5 * d**2 / beta if parabola is None else parabola(d)
    return torch.where(inside, inner, d - 0.5 * beta if line is None else line(d))


# --- mistakes: the parabola -------------------------------------------------------------------------------------------


@mistake("You forget to divide the square by β. Only for β = 1 does the parabola meet the line without.")
def smooth_square_not_over_beta(pred, target, beta=1.0):
    return pieces(pred, target, beta, parabola=lambda d: 0.5 * d**2)


@mistake("Your square is multiplied by β. It is divided by β: ½·d²/β.")
def smooth_square_times_beta(pred, target, beta=1.0):
    return pieces(pred, target, beta, parabola=lambda d: 0.5 * d**2 * beta)


@mistake("Your parabola has lost its ½, and does not meet the line at β: it is ½·d²/β.")
def smooth_square_without_half(pred, target, beta=1.0):
    return pieces(pred, target, beta, parabola=lambda d: d**2 / beta)


@form(smooth_square_without_half)
def smooth_square_without_half_and_beta(pred, target, beta=1.0):
    return pieces(pred, target, beta, parabola=lambda d: d**2)


@mistake("You square β as well. The square of the difference is divided by β itself: ½·d²/β.")
def smooth_square_of_the_ratio(pred, target, beta=1.0):
    return pieces(pred, target, beta, parabola=lambda d: 0.5 * (d / beta) ** 2)


@mistake("You do not square the difference: near 0 your loss is a straight line as well, ½·|d|/β. It is ½·d²/β.")
def smooth_no_square(pred, target, beta=1.0):
    return pieces(pred, target, beta, parabola=lambda d: 0.5 * d / beta)


@mistake(
    "You use the Caffe form with σ: ½·(σ·d)², with the line from 1/σ² on. Here β is where the pieces meet, β = 1/σ²."
)
def smooth_sigma_for_beta(pred, target, beta=1.0):
    if beta == 0:
        return (pred - target).abs()
    d, square = (pred - target).abs(), beta**2
    return torch.where(d < 1 / square, 0.5 * square * d**2, d - 0.5 / square)


@mistake("That is the Huber loss: ½·d² near 0 and β·(|d| − ½·β) further out, β times too much of both.")
def smooth_huber(pred, target, beta=1.0):
    return pieces(pred, target, beta, lambda d: 0.5 * d**2, lambda d: beta * (d - 0.5 * beta))


@form(smooth_huber)
def smooth_huber_at_zero_too(pred, target, beta=1.0):
    d = (pred - target).abs()
    return torch.where(d < beta, 0.5 * d**2, beta * (d - 0.5 * beta))


# --- mistakes: the line -----------------------------------------------------------------------------------------------


@mistake("Your line takes nothing off |d|, and there is a step at β. It is |d| − ½·β.")
def smooth_line_without_a_shift(pred, target, beta=1.0):
    return pieces(pred, target, beta, line=lambda d: d)


@mistake("Your line takes ½ off whatever β is. It is |d| − ½·β; only for β = 1 is that ½.")
def smooth_line_less_a_half(pred, target, beta=1.0):
    return pieces(pred, target, beta, line=lambda d: d - 0.5)


@mistake("Your line takes β off, and meets the parabola nowhere: half of β is enough.")
def smooth_line_less_beta(pred, target, beta=1.0):
    return pieces(pred, target, beta, line=lambda d: d - beta)


@mistake("You divide in your line: |d| − ½/β. What is taken off is half of β, ½·β.")
def smooth_line_less_half_over_beta(pred, target, beta=1.0):
    return pieces(pred, target, beta, line=lambda d: d - 0.5 / beta)


@mistake("You add ½·β on the line. It is taken off: at β the parabola is at ½·β only.")
def smooth_line_with_a_half_added(pred, target, beta=1.0):
    return pieces(pred, target, beta, line=lambda d: d + 0.5 * beta)


@mistake("Your line has the slope β. Further out, the loss grows by as much as |d| does.")
def smooth_line_times_beta(pred, target, beta=1.0):
    return pieces(pred, target, beta, line=lambda d: beta * d - 0.5 * beta)


@mistake(
    "Without the absolute value your line falls below 0 where the prediction is too small. Only the size of d counts."
)
def smooth_line_without_absolute_value(pred, target, beta=1.0):
    d = pred - target
    if beta == 0:
        return d.abs()
    return torch.where(d.abs() < beta, 0.5 * d**2 / beta, d - 0.5 * beta)


@form(smooth_line_without_absolute_value)
def smooth_line_without_absolute_value_at_zero_too(pred, target, beta=1.0):
    d = pred - target
    return torch.where(d.abs() < beta, 0.5 * d**2 / (beta or 1), d - 0.5 * beta)


@mistake("You compare d with β, and not |d|: every difference below 0 counts as small, and gets the parabola.")
def smooth_compared_without_absolute_value(pred, target, beta=1.0):
    d = pred - target
    if beta == 0:
        return d.abs()
    return torch.where(d < beta, 0.5 * d**2 / beta, d.abs() - 0.5 * beta)


# --- mistakes: which piece --------------------------------------------------------------------------------------------


@mistake("The pieces are exchanged: the parabola is for |d| below β, and the line for all beyond.")
def smooth_pieces_exchanged(pred, target, beta=1.0):
    return pieces(pred, target, beta, near=lambda d: d >= beta)


@mistake("Your pieces meet at 1 whatever β is. They meet at β.")
def smooth_meets_at_one(pred, target, beta=1.0):
    return pieces(pred, target, beta, near=lambda d: d < 1)


@mistake("Your `beta` is not used: the loss is always that of β = 1.")
def smooth_beta_ignored(pred, target, beta=1.0):
    return pieces(pred, target, 1.0)


@mistake("Your pieces meet at ½·β. The parabola goes on up to β.")
def smooth_meets_at_half_of_beta(pred, target, beta=1.0):
    return pieces(pred, target, beta, near=lambda d: d < 0.5 * beta)


@mistake("You compare the *square* of the difference with β. It is |d| that decides.")
def smooth_square_compared_with_beta(pred, target, beta=1.0):
    return pieces(pred, target, beta, near=lambda d: d**2 < beta)


@mistake(
    "One large difference decides for all numbers in your code. Each number is on the parabola or on the line by itself."
)
def smooth_one_piece_for_all(pred, target, beta=1.0):
    return pieces(pred, target, beta, near=lambda d: (d < beta).all())


@form(smooth_one_piece_for_all)
def smooth_one_piece_for_all_by_their_mean(pred, target, beta=1.0):
    return pieces(pred, target, beta, near=lambda d: d.mean() < beta)


@form(smooth_one_piece_for_all)
def smooth_one_piece_if_any_is_near(pred, target, beta=1.0):
    return pieces(pred, target, beta, near=lambda d: (d < beta).any())


@mistake(
    "You choose with `if`, which wants one answer; of several numbers each has its own. `torch.where` chooses for each."
)
def smooth_chosen_with_if(pred, target, beta=1.0):
    d = (pred - target).abs()
    if beta == 0:
        return d
    if d < beta:
        return 0.5 * d**2 / beta
    return d - 0.5 * beta


@mistake("Your loss is the parabola everywhere, ½·d²/β: from β on it goes on as a line.")
def smooth_only_the_parabola(pred, target, beta=1.0):
    return (pred - target).abs() if beta == 0 else 0.5 * (pred - target) ** 2 / beta


@form(smooth_only_the_parabola)
def smooth_only_the_parabola_at_zero_too(pred, target, beta=1.0):
    return 0.5 * (pred - target) ** 2 / beta


@mistake("Your loss is |d| everywhere. Near 0, where |d| is below β, it is a parabola.")
def smooth_only_the_line(pred, target, beta=1.0):
    return (pred - target).abs()


@mistake("Your loss is |d| − ½·β everywhere, below 0 for a small difference. Where |d| is below β, it is a parabola.")
def smooth_only_the_shifted_line(pred, target, beta=1.0):
    return (pred - target).abs() - 0.5 * beta


@mistake("Your loss is the square everywhere. Smooth L1 grows like a line from β on.")
def smooth_plain_square(pred, target, beta=1.0):
    return (pred - target) ** 2


@form(smooth_plain_square)
def smooth_half_of_the_square(pred, target, beta=1.0):
    return 0.5 * (pred - target) ** 2


@mistake("You cut the loss off at ½·β. From β on it goes on as a line, with the slope 1.")
def smooth_flat_from_beta_on(pred, target, beta=1.0):
    return pieces(pred, target, beta, line=lambda d: torch.full_like(d, 0.5 * beta))


# --- mistakes: a beta of 0 --------------------------------------------------------------------------------------------


@mistake("With β = 0 you divide by 0. Then there is no parabola, and the loss is |d|.")
def smooth_divides_by_a_beta_of_zero(pred, target, beta=1.0):
    d = (pred - target).abs()
    return torch.where(d <= beta, 0.5 * d**2 / beta, d - 0.5 * beta)


@form(smooth_divides_by_a_beta_of_zero)
def smooth_fails_on_a_beta_of_zero(pred, target, beta=1.0):
    scale = 0.5 / beta
    d = (pred - target).abs()
    return torch.where(d < beta, scale * d**2, d - 0.5 * beta)


@form(smooth_divides_by_a_beta_of_zero)
def smooth_gradient_of_a_division_by_zero(pred, target, beta=1.0):
    d = (pred - target).abs()
    return torch.where(d < beta, 0.5 * d**2 / beta, d - 0.5 * beta)


@mistake(
    "A β of 0 counts as not given in your code: `if beta` and `or` take 0 for nothing. It is a real β, and leaves |d|."
)
def smooth_zero_is_no_beta(pred, target, beta=1.0):
    return pieces(pred, target, beta or 1.0)


@mistake("With β = 0 you return zeros. There is no parabola then, and the line is left: |d|.")
def smooth_zeros_at_a_beta_of_zero(pred, target, beta=1.0):
    return pieces(pred, target, beta) if beta else 0 * (pred - target).abs()


@mistake("With β = 0 you return d itself, below 0 where the prediction is too small. It is |d|.")
def smooth_difference_at_a_beta_of_zero(pred, target, beta=1.0):
    return pieces(pred, target, beta) if beta else pred - target


@mistake("With β = 0 you return the square. The line is left then: |d|.")
def smooth_square_at_a_beta_of_zero(pred, target, beta=1.0):
    return pieces(pred, target, beta) if beta else (pred - target) ** 2


@form(smooth_square_at_a_beta_of_zero)
def smooth_half_square_at_a_beta_of_zero(pred, target, beta=1.0):
    return pieces(pred, target, beta) if beta else 0.5 * (pred - target) ** 2


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake("You take the mean. Asked is the loss of *each* number; who calls it may sum or average.")
def smooth_mean_of_the_loss(pred, target, beta=1.0):
    return pieces(pred, target, beta).mean()


@mistake("You sum. Asked is the loss of *each* number; who calls it may sum or average.")
def smooth_sum_of_the_loss(pred, target, beta=1.0):
    return pieces(pred, target, beta).sum()


@mistake("You sum over the last dimension. Asked is the loss of *each* number, in the shape of `pred`.")
def smooth_sum_over_the_last_dimension(pred, target, beta=1.0):
    loss = pieces(pred, target, beta)
    return loss.sum(dim=-1) if loss.ndim else loss


@mistake("Your loss has a sign, that of the difference. To be too small costs as much as to be too large.")
def smooth_loss_with_a_sign(pred, target, beta=1.0):
    return pieces(pred, target, beta) * (pred - target).sign()


@mistake("You flatten the numbers. The loss has the shape of `pred`.")
def smooth_loss_in_a_row(pred, target, beta=1.0):
    return pieces(pred, target, beta).flatten()


@mistake("You keep the numbers of each piece together, those on the parabola first. Each stays where it was.")
def smooth_piece_after_piece(pred, target, beta=1.0):
    d = (pred - target).abs()
    near = d < beta
    return torch.cat([0.5 * d[near] ** 2 / (beta or 1), d[~near] - 0.5 * beta])


@mistake("Your result is float32 whatever comes in. It has the dtype of `pred`.")
def smooth_loss_in_float32(pred, target, beta=1.0):
    return pieces(pred, target, beta).float()


@mistake("You turn β into a whole number, and what stands behind the point is lost.")
def smooth_whole_beta(pred, target, beta=1.0):
    return pieces(pred, target, int(beta))


@mistake("You write the difference into `pred`. The caller still needs it: subtract into a new tensor.")
def smooth_subtracts_in_place(pred, target, beta=1.0):
    if pred.requires_grad:
        return pieces(pred, target, beta)
    pred -= target
    return pieces(pred, torch.zeros_like(pred), beta)


@form(smooth_subtracts_in_place)
def smooth_subtracts_in_place_and_fails_on_a_leaf(pred, target, beta=1.0):
    pred -= target
    return pieces(pred, torch.zeros_like(pred), beta)


@mistake(NO_GRADIENT)
def smooth_loss_without_a_gradient(pred, target, beta=1.0):
    return pieces(pred.detach(), target.detach(), beta)


@mistake("You cut the target from the graph. A gradient flows back to both, `pred` and `target`.")
def smooth_loss_without_a_gradient_of_the_target(pred, target, beta=1.0):
    return pieces(pred, target.detach(), beta)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def smooth_by_where(pred, target, beta=1.0):
    return pieces(pred, target, beta)


@variant
def smooth_line_at_beta_itself(pred, target, beta=1.0):
    """At β both pieces give ½·β."""
    d = torch.abs(target - pred)
    if not beta:
        return d
    return torch.where(d <= beta, d * d / (2 * beta), d - beta / 2)


@variant
def smooth_by_a_mask_of_ones(pred, target, beta=1.0):
    d = (pred - target).abs()
    if beta < 1e-12:
        return d
    near = (d < beta).to(d.dtype)
    return near * 0.5 * d.square() / beta + (1 - near) * (d - 0.5 * beta)


@variant
def smooth_by_clamping(pred, target, beta=1.0):
    """The part of |d| up to β is squared, and the rest is added as it is."""
    d = (pred - target).abs()
    if beta == 0:
        return d
    low = d.clamp(max=beta)
    return low * low / (2 * beta) + (d - low)


@variant
def smooth_number_by_number(pred, target, beta=1.0):
    out = []
    for p, t in zip(pred.reshape(-1), target.reshape(-1), strict=True):
        d = abs(p - t)
        out.append(0.5 * d * d / beta if beta > 0 and d < beta else d - 0.5 * beta)
    return torch.stack(out).reshape(pred.shape) if out else pred - target


@variant
def smooth_written_into_a_copy(pred, target, beta=1.0):
    d = (pred - target).abs()
    loss = d - 0.5 * beta
    if beta > 0:
        near = d < beta
        loss[near] = 0.5 * d[near] ** 2 / beta
    return loss


@variant
def smooth_by_relu(pred, target, beta=1.0):
    d = torch.maximum(pred - target, target - pred)
    if beta == 0.0:
        return d
    inside = torch.minimum(d, torch.full_like(d, beta))
    return torch.relu(d - beta) + inside.pow(2).div(2 * beta)


@variant
def smooth_with_a_safe_divisor(pred, target, beta=1.0):
    d = (pred - target).abs()
    return torch.where(d < beta, 0.5 * d**2 / max(beta, 1e-12), d - 0.5 * beta)
