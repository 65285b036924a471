"""Near-identical answers, by fingerprints of their tokens: Schleimer, Wilkerson, Aiken, "Winnowing: local algorithms
for document fingerprinting" (SIGMOD 2003), the method of Moss.

An answer becomes a stream of tokens in which comments, docstrings and layout are gone and the student's own names are
one and the same; what a library calls something stays. Every stretch of `GRAM` tokens is hashed, and of every `WINDOW`
neighbouring hashes the smallest is kept, so two answers that share GRAM + WINDOW − 1 tokens in a row share a
fingerprint. What the stub or the given code holds does not count.

Short exercises have few right answers, so alike is not yet odd. What counts is what is *rare*: a fingerprint that at
most `_common` of the class have. Only pairs that share rare ones are compared, so 500 answers are no trouble.
"""

import ast
import hashlib
import io
import keyword
import tokenize
import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

GRAM, WINDOW = 8, 5
_FEWEST_RARE = 6  # rare fingerprints shared, about twenty tokens or three lines
_LEAST_SHARE = 0.6  # of all that the two have together
_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
_MOST_CHARACTERS = 50_000


@dataclass(frozen=True)
class Likeness:
    """Two answers to one exercise: which share of their fingerprints is common, and how many of these are rare."""

    exercise: str
    share: float
    rare: int


@dataclass(frozen=True)
class Pair:
    """Two students and the exercises in which they are alike, the most telling one first."""

    first: str
    second: str
    likenesses: tuple[Likeness, ...]

    @property
    def rare(self) -> int:
        """How many rare fingerprints they share in all."""
        return sum(one.rare for one in self.likenesses)


def alike(answers: Mapping[str, Mapping[str, str]], given: Mapping[str, str], shared: str = "") -> list[Pair]:
    """Return the pairs of students with near-identical answers, the most telling first.

    `answers` are sources by student and exercise, `given` the stubs by exercise, `shared` any other code that
    everybody was given.
    """
    found: dict[tuple[str, str], list[Likeness]] = defaultdict(list)
    for exercise, stub in given.items():
        theirs = {student: sources[exercise] for student, sources in answers.items() if sources.get(exercise)}
        for pair, likeness in _alike_in(exercise, theirs, fingerprints(stub) | fingerprints(shared)).items():
            found[pair].append(likeness)
    pairs = [Pair(*who, tuple(sorted(what, key=lambda one: -one.rare))) for who, what in found.items()]
    return sorted(pairs, key=lambda pair: (-pair.rare, pair.first, pair.second))


def _alike_in(exercise: str, sources: Mapping[str, str], known: Collection[int]) -> dict[tuple[str, str], Likeness]:
    prints = {student: fingerprints(source).difference(known) for student, source in sources.items()}
    holders: dict[int, list[str]] = defaultdict(list)
    for student in sorted(prints):
        for one in prints[student]:
            holders[one].append(student)
    most = _common(len(prints))
    rare = Counter(pair for who in holders.values() if 2 <= len(who) <= most for pair in combinations(who, 2))
    found = {}
    for (first, second), count in rare.items():
        if count < _FEWEST_RARE:
            continue
        share = len(prints[first] & prints[second]) / len(prints[first] | prints[second])
        if share >= _LEAST_SHARE:
            found[first, second] = Likeness(exercise, share, count)
    return found


def _common(students: int) -> int:
    """Return how many of a class may have a fingerprint that still counts as rare: one in twelve, or two.

    >>> _common(10), _common(60), _common(500)
    (2, 5, 41)
    """
    return max(2, students // 12)


def fingerprints(source: str) -> frozenset[int]:
    """Return the winnowed fingerprints of a piece of Python, whether it parses or not."""
    tokens = normalised(source)
    grams = [_hash(tokens[start : start + GRAM]) for start in range(len(tokens) - GRAM + 1)]
    if len(grams) <= WINDOW:
        return frozenset({min(grams)} if grams else ())
    return frozenset(min(grams[start : start + WINDOW]) for start in range(len(grams) - WINDOW + 1))


def normalised(source: str) -> list[str]:
    """Return the tokens of `source` without comments, docstrings and layout, the author's own names folded to one.

    >>> normalised("def f(n): return torch.zeros(n)  # mine")
    ['def', 'name', '(', 'name', ')', ':', 'return', 'torch', '.', 'zeros', '(', 'name', ')']
    """
    source = source[:_MOST_CHARACTERS]
    own: set[str] | None = None  # where it does not parse, every name is folded that does not follow a dot
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = _without_docstrings(ast.parse(source))
        source, own = ast.unparse(tree), _bound(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    tokens: list[str] = []
    previous = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in _SKIPPED or not token.string.strip():
                continue
            text = token.string
            if token.type == tokenize.NAME and not keyword.iskeyword(text) and previous != ".":
                text = "name" if own is None or text in own else text
            elif token.type == tokenize.STRING:
                text = "text"
            tokens.append(text)
            previous = token.string
    except (tokenize.TokenError, SyntaxError):
        pass  # what came before the break still counts
    return tokens


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Take away docstrings and the types of arguments, which say nothing of how an answer works."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return tree


def _bound(tree: ast.AST) -> set[str]:
    """Return the names that the author chose: of arguments, variables, functions and imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.partition(".")[0])
    return names


def _hash(tokens: Sequence[str]) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(tokens).encode("utf-8", "replace"), digest_size=8).digest())
