"""Registers hooks of SnapStart, as the package of this name on AWS does. No snapshot is ever taken, so that none of them runs."""

_before_snapshot = []
_after_restore = []


def register_before_snapshot(func, *args, **kwargs):
    """Registers a function, also as a decorator."""
    _before_snapshot.append((func, args, kwargs))
    return func


def register_after_restore(func, *args, **kwargs):
    """Registers a function, also as a decorator."""
    _after_restore.append((func, args, kwargs))
    return func
