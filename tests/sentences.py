"""How an error of a reference is judged: one sentence that begins with the argument and says what came."""

from collections.abc import Callable, Sequence

import pytest


def assert_error_tells(error: type[Exception], words: Sequence[str], call: Callable[[], object]) -> None:
    """Assert that `call` raises `error` in one line that starts with the first of `words` and holds all of them."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert message.startswith(words[0])
    assert all(word in message for word in words)
    assert "\n" not in message
