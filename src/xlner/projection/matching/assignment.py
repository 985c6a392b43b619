"""The one-to-one assignment with the largest total weight, exact, for the few rows and columns of one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

_STEPS = 10**9
"""Steps in a weight of 1: weights that round to the same step are equal."""


def assign(weights: Sequence[Mapping[int, float]]) -> list[int | None]:
    """The column assigned to each row, or None; `weights` holds the allowed columns of each row, all above 0.

    The total weight is the largest possible. Ties are broken by giving the first row the first column that it can have,
    then the second row, and so on. Groups of rows that share no column are solved separately (Kuhn 1955, Munkres 1957),
    in O(rows² · columns).

    >>> assign([{0: 0.9, 1: 0.8}, {0: 0.8}])
    [1, 0]
    """
    assigned: list[int | None] = [None] * len(weights)
    for rows, columns in _components(weights):
        for row, column in zip(rows, _solve([weights[row] for row in rows], columns), strict=True):
            assigned[row] = column
    return assigned


def _components(weights: Sequence[Mapping[int, float]]) -> Iterator[tuple[list[int], list[int]]]:
    """Groups of rows connected by shared columns, with their columns, all sorted."""
    by_column: dict[int, list[int]] = {}
    for row, allowed in enumerate(weights):
        for column in allowed:
            by_column.setdefault(column, []).append(row)
    done: set[int] = set()
    for first in range(len(weights)):
        if first in done:
            continue
        rows, columns, todo = {first}, set[int](), [first]
        while todo:
            new = weights[todo.pop()].keys() - columns
            columns |= new
            found = {row for column in new for row in by_column[column]} - rows
            rows |= found
            todo += found
        done |= rows
        yield sorted(rows), sorted(columns)


def _solve(weights: Sequence[Mapping[int, float]], columns: Sequence[int]) -> list[int | None]:
    """Assign connected rows. The costs are integers that include the tie rule, so that nothing is rounded away."""
    n, m = len(weights), len(columns)
    step = (m + 1) ** n
    cost = [
        [1] * m + [0] * n for _ in range(n)
    ]  # the last n columns mean no column, and are better than a forbidden one
    for i, allowed in enumerate(weights):
        for j, column in enumerate(columns):
            if column in allowed:
                cost[i][j] = -round(allowed[column] * _STEPS) * step - (m - j) * (m + 1) ** (n - 1 - i)
    return [columns[j] if j < m else None for j in _least_cost(cost)]


def _least_cost(cost: Sequence[Sequence[int]]) -> list[int]:
    """A column for each row by the Hungarian method with shortest augmenting paths; at most as many rows as columns.

    Inside, rows and columns are counted from 1, and column 0 holds the row that is being added.
    """
    n, m = len(cost), len(cost[0])
    row_price, column_price = [0] * (n + 1), [0] * (m + 1)
    row_of = [0] * (m + 1)
    for row in range(1, n + 1):
        row_of[0] = row
        column = 0
        reached = {0}
        least: dict[int, int] = {}
        before = [0] * (m + 1)
        while row_of[column]:
            at = row_of[column]
            for j in range(1, m + 1):
                if j in reached:
                    continue
                reduced = cost[at - 1][j - 1] - row_price[at] - column_price[j]
                if j not in least or reduced < least[j]:
                    least[j], before[j] = reduced, column
            column = min(least, key=lambda j: (least[j], j))
            delta = least.pop(column)
            for j in reached:
                row_price[row_of[j]] += delta
                column_price[j] -= delta
            for j in least:
                least[j] -= delta
            reached.add(column)
        while column:
            row_of[column] = row_of[before[column]]
            column = before[column]
    found = [0] * n
    for j in range(1, m + 1):
        if row_of[j]:
            found[row_of[j] - 1] = j - 1
    return found
