"""What is warned of about data, for those who want to say it in their own way."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from xlner.errors import DataWarning


@contextmanager
def hearing_data_warnings(hear: Callable[[str], object], *, shown: bool = False) -> Iterator[None]:
    """Give the text of each `DataWarning` to a function, also that of a repeated one.

    If they are `shown` as well, they are filtered as all warnings are. Other warnings are shown as usual.

    >>> heard = []
    >>> with hearing_data_warnings(heard.append):
    ...     warnings.warn("a strange file", DataWarning)
    >>> heard
    ['a strange file']
    """

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        is_heard = issubclass(category, DataWarning)
        if is_heard:
            hear(str(message))
        if shown or not is_heard:
            others(message, category, *place)

    with warnings.catch_warnings():
        if not shown:
            warnings.simplefilter("always", DataWarning)
        others = warnings.showwarning
        warnings.showwarning = show  # type: ignore[assignment]
        yield
