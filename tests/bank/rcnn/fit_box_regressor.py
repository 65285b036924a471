"""Wrong and right answers to `fit_box_regressor`."""

import math

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def eye(features):
    """Return the identity (D, D) in the dtype of the features."""
    return torch.eye(features.shape[1], dtype=features.dtype)


def right(features, deltas, strength):
    """Return the right weights (D, 4)."""
    return torch.linalg.solve(features.T @ features + strength * eye(features), features.T @ deltas)


# --- mistakes: the strength -------------------------------------------------------------------------------------------


@mistake(
    "Your weights do not know the strength: this is a plain regression, which takes any weights that hit the deltas."
)
def without_a_strength(features, deltas, strength):
    return torch.linalg.solve(features.T @ features, features.T @ deltas)


@form(without_a_strength)
def least_squares_alone(features, deltas, strength):
    return torch.linalg.lstsq(features, deltas).solution


@form(without_a_strength)
def least_squares_by_pinv(features, deltas, strength):
    return torch.linalg.pinv(features) @ deltas


@form(without_a_strength)
def least_squares_by_pinv_of_the_square(features, deltas, strength):
    return torch.linalg.pinv(features.T @ features) @ features.T @ deltas


@form(without_a_strength)
def as_if_the_features_were_square(features, deltas, strength):
    return torch.linalg.solve(features, deltas)


@form(without_a_strength)
def a_tiny_strength_instead(features, deltas, strength):
    return right(features, deltas, 1e-3)


@mistake(
    "In your cost the squared errors are averaged, or the strength is multiplied by a number of examples or columns. It is a sum: the strength stays as it comes."
)
def strength_times_examples(features, deltas, strength):
    return right(features, deltas, strength * len(features))


@form(strength_times_examples)
def strength_times_examples_and_columns(features, deltas, strength):
    return right(features, deltas, strength * 4 * len(features))


@form(strength_times_examples)
def strength_times_columns(features, deltas, strength):
    return right(features, deltas, strength * 4)


@form(strength_times_examples)
def averages_of_products(features, deltas, strength):
    count = len(features)
    return torch.linalg.solve(features.T @ features / count + strength * eye(features), features.T @ deltas / count)


@form(strength_times_examples)
def averages_of_products_with_a_look_at_empty_sets(features, deltas, strength):
    return right(features, deltas, strength * max(len(features), 1))


@mistake("You divide the strength by the number of examples. Many examples and few have the same strength.")
def strength_over_examples(features, deltas, strength):
    return right(features, deltas, strength / len(features))


@form(strength_over_examples)
def strength_over_examples_with_a_look_at_empty_sets(features, deltas, strength):
    return right(features, deltas, strength / max(len(features), 1))


@mistake("The strength depends on the number of features in your function. It stays as it comes.")
def strength_times_features(features, deltas, strength):
    return right(features, deltas, strength * features.shape[1])


@form(strength_times_features)
def strength_over_features(features, deltas, strength):
    return right(features, deltas, strength / features.shape[1])


@mistake(
    "The strength counts squared in your function. Rows that are put below the features hold its *root* on their diagonal, XᵀX the strength itself."
)
def strength_squared(features, deltas, strength):
    return right(features, deltas, strength**2)


@mistake("You take the root of the strength. On the diagonal of XᵀX it stands as it comes.")
def root_of_the_strength(features, deltas, strength):
    return right(features, deltas, math.sqrt(strength))


@mistake("Your strength counts twice. Both squares have a 2 in their gradients, or none has: it cancels.")
def strength_twice(features, deltas, strength):
    return right(features, deltas, 2 * strength)


@mistake("Your strength counts half. There is no ½ in this cost, neither before the errors nor before the weights.")
def strength_halved(features, deltas, strength):
    return right(features, deltas, strength / 2)


@mistake(
    "You take the strength for a divisor, as C is for a support vector machine. Here a larger one means smaller weights."
)
def strength_upside_down(features, deltas, strength):
    return right(features, deltas, 1 / strength)


@mistake("You *subtract* the strength. Then large weights are rewarded, and the equations may have no solution.")
def strength_subtracted(features, deltas, strength):
    return right(features, deltas, -strength)


@mistake("You add the strength to *every* entry of XᵀX. It stands on the diagonal only, times the identity.")
def strength_everywhere(features, deltas, strength):
    return torch.linalg.solve(features.T @ features + strength, features.T @ deltas)


@mistake("You put the strength in the place of XᵀX's diagonal. It is *added* to what stands there.")
def strength_for_a_diagonal(features, deltas, strength):
    gram = features.T @ features
    return torch.linalg.solve(gram.fill_diagonal_(strength), features.T @ deltas)


@mistake("You scale the diagonal of XᵀX. Each weight is shrunk by the same strength, whatever its feature is.")
def strength_by_feature(features, deltas, strength):
    gram = features.T @ features
    return torch.linalg.solve(gram + strength * torch.diag(gram.diagonal()), features.T @ deltas)


@form(strength_by_feature)
def mean_of_the_diagonal(features, deltas, strength):
    gram = features.T @ features
    return torch.linalg.solve(gram + strength * gram.diagonal().mean() * eye(features), features.T @ deltas)


@mistake(
    "You leave out one of the weights when you shrink, as one does with an intercept. There is none here: all shrink."
)
def first_weight_not_shrunk(features, deltas, strength):
    identity = eye(features)
    identity[0, 0] = 0
    return torch.linalg.solve(features.T @ features + strength * identity, features.T @ deltas)


@form(first_weight_not_shrunk)
def last_weight_not_shrunk(features, deltas, strength):
    identity = eye(features)
    identity[-1, -1] = 0
    return torch.linalg.solve(features.T @ features + strength * identity, features.T @ deltas)


@mistake("The strength does not stand within what is inverted. It belongs beside XᵀX, before the equations are solved.")
def strength_outside_of_the_inverse(features, deltas, strength):
    return (torch.linalg.pinv(features.T @ features) + strength * eye(features)) @ features.T @ deltas


@form(strength_outside_of_the_inverse)
def strength_outside_of_a_plain_inverse(features, deltas, strength):
    return (torch.linalg.inv(features.T @ features) + strength * eye(features)) @ features.T @ deltas


@form(strength_outside_of_the_inverse)
def shrunk_afterwards(features, deltas, strength):
    return torch.linalg.pinv(features) @ deltas / (1 + strength)


@form(strength_outside_of_the_inverse)
def shrunk_after_least_squares(features, deltas, strength):
    return torch.linalg.solve(features.T @ features, features.T @ deltas) / (1 + strength)


@form(strength_outside_of_the_inverse)
def strength_added_to_the_weights(features, deltas, strength):
    return torch.linalg.pinv(features) @ deltas + strength


@mistake("The strength stands on the right side of your equations, too. There is XᵀT alone.")
def strength_on_the_right(features, deltas, strength):
    gram = features.T @ features + strength * eye(features)
    return torch.linalg.solve(gram, features.T @ deltas + strength)


@form(strength_on_the_right)
def right_side_times_the_strength(features, deltas, strength):
    gram = features.T @ features + strength * eye(features)
    return torch.linalg.solve(gram, strength * (features.T @ deltas))


# --- mistakes: the intercept ------------------------------------------------------------------------------------------


def with_ones(features):
    """Return the features with a column of ones after them (N, D + 1)."""
    return torch.cat([features, torch.ones(len(features), 1, dtype=features.dtype)], dim=1)


def centred(x):
    """Return x (N, K) less its mean over the examples."""
    return x - x.sum(dim=0) / max(len(x), 1)


@mistake(
    "You give the regression an intercept: by a column of ones, or by taking off means. There is none here, and every weight belongs to a feature."
)
def intercept_that_is_dropped(features, deltas, strength):
    identity = torch.eye(features.shape[1] + 1, dtype=features.dtype)
    identity[-1, -1] = 0
    wide = with_ones(features)
    return torch.linalg.solve(wide.T @ wide + strength * identity, wide.T @ deltas)[:-1]


@form(intercept_that_is_dropped)
def both_centred(features, deltas, strength):
    return right(centred(features), centred(deltas), strength)


@form(intercept_that_is_dropped)
def deltas_centred(features, deltas, strength):
    return right(features, centred(deltas), strength)


@form(intercept_that_is_dropped)
def shrunk_intercept_that_is_dropped(features, deltas, strength):
    return right(with_ones(features), deltas, strength)[:-1]


@form(intercept_that_is_dropped)
def shrunk_intercept_in_the_result(features, deltas, strength):
    return right(with_ones(features), deltas, strength)


@form(intercept_that_is_dropped)
def intercept_in_the_result(features, deltas, strength):
    identity = torch.eye(features.shape[1] + 1, dtype=features.dtype)
    identity[-1, -1] = 0
    wide = with_ones(features)
    return torch.linalg.solve(wide.T @ wide + strength * identity, wide.T @ deltas)


@form(intercept_that_is_dropped)
def shrunk_intercept_as_the_first_row(features, deltas, strength):
    return right(with_ones(features).roll(1, dims=1), deltas, strength)


@mistake("You scale the features before the fit. The weights are those of the features as they come.")
def standardised_features(features, deltas, strength):
    spread = features.std(dim=0) if len(features) > 1 else torch.ones_like(features[:1])
    return right((features - features.mean(dim=0)) / (spread + 1e-8), deltas, strength)


@form(standardised_features)
def features_of_length_one(features, deltas, strength):
    return right(features / (features.norm(dim=1, keepdim=True) + 1e-8), deltas, strength)


@form(standardised_features)
def columns_of_length_one(features, deltas, strength):
    return right(features / (features.norm(dim=0, keepdim=True) + 1e-8), deltas, strength)


# --- mistakes: the equations ------------------------------------------------------------------------------------------


@mistake("You multiply Xᵀ and T, and solve nothing. How the features hang together, XᵀX, has to come off again.")
def products_alone(features, deltas, strength):
    return features.T @ deltas


@form(products_alone)
def products_over_the_strength(features, deltas, strength):
    return features.T @ deltas / strength


@form(products_alone)
def products_of_averages(features, deltas, strength):
    return features.T @ deltas / max(len(features), 1)


@mistake("You *multiply* by XᵀX + strength · I. The equations are solved by its inverse.")
def multiplied_instead_of_solved(features, deltas, strength):
    return (features.T @ features + strength * eye(features)) @ features.T @ deltas


@mistake(
    "You fit each feature on its own. What two features say together is counted twice: XᵀX is more than its diagonal."
)
def each_feature_on_its_own(features, deltas, strength):
    return features.T @ deltas / (features.square().sum(dim=0)[:, None] + strength)


@mistake(
    "Your weights are one row an example, (N, 4), from X Xᵀ. A row for each *feature* is asked: Xᵀ times them, or XᵀX from the start."
)
def a_row_for_each_example(features, deltas, strength):
    gram = features @ features.T + strength * torch.eye(len(features), dtype=features.dtype)
    return torch.linalg.solve(gram, deltas)


@mistake(
    "XᵀX, X Xᵀ and the identity do not fit together in your equations: features and examples are mixed. XᵀX is (D, D), and so is the identity beside it."
)
def identity_of_the_examples(features, deltas, strength):
    gram = features.T @ features + strength * torch.eye(len(features), dtype=features.dtype)
    return torch.linalg.solve(gram, features.T @ deltas)


@form(identity_of_the_examples)
def examples_for_features(features, deltas, strength):
    gram = features @ features.T + strength * torch.eye(len(features), dtype=features.dtype)
    return torch.linalg.solve(gram, features.T @ deltas)


@form(identity_of_the_examples)
def identity_of_the_features_beside_examples(features, deltas, strength):
    return torch.linalg.solve(features @ features.T + strength * eye(features), features.T @ deltas)


@mistake("You return what the fit predicts for the examples. The weights themselves are asked, (D, 4).")
def predictions_returned(features, deltas, strength):
    return features @ right(features, deltas, strength)


@form(predictions_returned)
def errors_returned(features, deltas, strength):
    return deltas - features @ right(features, deltas, strength)


@mistake(
    "Rows and columns are exchanged: there is a row for each feature and a column for each of the four deltas, (D, 4)."
)
def a_row_for_each_delta(features, deltas, strength):
    return right(features, deltas, strength).T


@mistake("You fit one of the four columns only. Each of dx, dy, dw and dh has weights of its own.")
def first_column_alone(features, deltas, strength):
    return right(features, deltas[:, :1], strength)


@form(first_column_alone)
def first_column_as_a_vector(features, deltas, strength):
    return right(features, deltas[:, 0], strength)


@form(first_column_alone)
def first_column_for_all(features, deltas, strength):
    return right(features, deltas[:, :1].expand(-1, 4), strength)


@mistake("All four columns of your weights are the same mean. Each of dx, dy, dw and dh has weights of its own.")
def mean_of_the_columns(features, deltas, strength):
    return right(features, deltas.mean(dim=1, keepdim=True).expand(-1, 4), strength)


@mistake("Your four columns are one row or one list. They stand side by side: (D, 4).")
def weights_in_a_list(features, deltas, strength):
    return right(features, deltas, strength).flatten()


@mistake(
    "Without examples you give something else than weights. All that pulls on them then is the strength, and they are 0: (D, 4) zeros."
)
def nothing_without_examples(features, deltas, strength):
    return right(features, deltas, strength) if len(features) else deltas


@form(nothing_without_examples)
def an_error_without_examples(features, deltas, strength):
    if not len(features):
        raise ValueError("there are no examples")
    return right(features, deltas, strength)


@form(nothing_without_examples)
def none_without_examples(features, deltas, strength):
    return right(features, deltas, strength) if len(features) else None


@form(nothing_without_examples)
def a_square_without_examples(features, deltas, strength):
    return right(features, deltas, strength) if len(features) else torch.zeros(4, features.shape[1])


@form(nothing_without_examples)
def nan_without_examples(features, deltas, strength):
    weights = right(features, deltas, strength)
    return weights if len(features) else weights * torch.nan


@mistake(
    "With fewer examples than features you do something else, or leave the strength out. The same equations hold there."
)
def least_squares_for_few_examples(features, deltas, strength):
    if len(features) < features.shape[1]:
        return torch.linalg.pinv(features) @ deltas
    return right(features, deltas, strength)


@form(least_squares_for_few_examples)
def zeros_for_few_examples(features, deltas, strength):
    weights = right(features, deltas, strength)
    return weights if len(features) >= features.shape[1] else torch.zeros_like(weights)


@form(least_squares_for_few_examples)
def an_error_for_few_examples(features, deltas, strength):
    if len(features) < features.shape[1]:
        raise ValueError("there are too few examples")
    return right(features, deltas, strength)


# --- mistakes: how it comes -------------------------------------------------------------------------------------------


@mistake("Your result is float32 whatever comes in. Of float64 features the weights are float64.")
def always_weights_in_float32(features, deltas, strength):
    return right(features, deltas, strength).float()


@mistake("Your result is float64 whatever comes in, as numpy makes it. It has the dtype of the features.")
def weights_by_way_of_numpy(features, deltas, strength):
    return right(features.double(), deltas.double(), strength)


@mistake("You change `features` or `deltas` while you work on them. The caller still needs them: work on a copy.")
def changes_its_examples(features, deltas, strength):
    weights = right(features, deltas, strength)
    features /= features.abs().sum() + 1
    return weights


@form(changes_its_examples)
def changes_its_deltas(features, deltas, strength):
    weights = right(features, deltas, strength)
    deltas -= features @ weights
    return weights


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def by_the_inverse(features, deltas, strength):
    D = features.size(1)
    A = features.t().mm(features)
    A[range(D), range(D)] += strength
    return torch.inverse(A) @ (features.t() @ deltas)


@variant
def rows_below_the_features(features, deltas, strength):
    N, D = features.shape
    below = math.sqrt(strength) * torch.eye(D, dtype=features.dtype)
    X = torch.cat([features, below])
    T = torch.cat([deltas, torch.zeros(D, 4, dtype=deltas.dtype)])
    return torch.linalg.lstsq(X, T).solution


@variant
def by_the_examples(features, deltas, strength):
    gram = features @ features.T + strength * torch.eye(len(features), dtype=features.dtype)
    return features.T @ torch.linalg.solve(gram, deltas)


@variant
def by_singular_values(features, deltas, strength):
    u, s, vt = torch.linalg.svd(features, full_matrices=False)
    return vt.T @ ((s / (s**2 + strength))[:, None] * (u.T @ deltas))


@variant
def by_cholesky(features, deltas, strength):
    gram = torch.einsum("nd,ne->de", features, features) + torch.diag(features.new_full((features.shape[1],), strength))
    return torch.cholesky_solve(torch.einsum("nd,nk->dk", features, deltas), torch.linalg.cholesky(gram))


@variant
def delta_by_delta(features, deltas, strength):
    weights = features.new_zeros(features.shape[1], 4)
    gram = features.T @ features + strength * torch.eye(features.shape[1]).to(features)
    for column in range(4):
        weights[:, column] = torch.linalg.solve(gram, features.T @ deltas[:, column])
    return weights


@variant
def with_numpy(features, deltas, strength):
    X, T = features.numpy().astype(np.float64), deltas.numpy().astype(np.float64)
    W = np.linalg.solve(X.T @ X + strength * np.eye(X.shape[1]), X.T @ T)
    return torch.from_numpy(W).to(features.dtype)


@variant
def by_eigenvectors(features, deltas, strength):
    values, vectors = torch.linalg.eigh(features.T @ features)
    return vectors @ ((vectors.T @ features.T @ deltas) / (values + strength)[:, None])


@variant
def example_after_example(features, deltas, strength):
    gram = strength * torch.eye(features.shape[1], dtype=torch.float64)
    product = torch.zeros(features.shape[1], 4, dtype=torch.float64)
    for x, t in zip(features.double(), deltas.double()):
        gram += torch.outer(x, x)
        product += torch.outer(x, t)
    return (torch.linalg.pinv(gram) @ product).to(features.dtype)
