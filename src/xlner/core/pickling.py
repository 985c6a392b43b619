"""Stages that pickle without the models they have loaded."""

from __future__ import annotations

from functools import cached_property


class PicklesWithoutCache:
    """Base class of stages that keep loaded models, programs and digests in cached properties.

    Pickling leaves the values of cached properties out. They are computed again on first use, so a stage can be sent to
    another process without its model.

    >>> class Stage(PicklesWithoutCache):
    ...     def __init__(self, path):
    ...         self.path = path
    ...     @cached_property
    ...     def model(self):
    ...         return f"loaded from {self.path}"
    >>> stage = Stage("folder")
    >>> stage.model
    'loaded from folder'
    >>> stage.__getstate__()
    {'path': 'folder'}
    """

    def __getstate__(self) -> dict[str, object]:
        return {
            name: value
            for name, value in vars(self).items()
            if not isinstance(getattr(type(self), name, None), cached_property)
        }
