"""Which groups of a side file the scored posts are in."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gmf.core.errors import DataError
from gmf.evaluation.files.labelled import sample_id
from gmf.evaluation.pairs import SamplePair, SampleSpans
from gmf.reading.groups import Groups, find_groups, read_groups

#: Most groups of a grouping; a column with more is a note on each post.
MAX_GROUPS = 24
#: The group of posts that the file does not have.
UNGROUPED = "no group"
#: What is added to the name of a grouping whose groups are not all in the training split.
IN_TRAINING = "{}, in training"
_SHOWN = 3
Grouped = SamplePair | SampleSpans


def with_groups(
    pairs: Sequence[SamplePair],
    groups: Groups,
    *,
    training: Iterable[str] = (),
    on_note: Callable[[str], None] = lambda _: None,
) -> list[SamplePair]:
    """Return the pairs with their groups, by grouping.

    A column with one value, or with more than ``MAX_GROUPS``, is no grouping. Where the file states
    training posts too, and some group has none of them, a further grouping tells posts of groups
    that training has ``seen`` from ``unseen`` ones.

    Args:
        pairs: The pairs.
        groups: From ``read_groups``.
        training: Ids of the training posts.
        on_note: Called with columns that are left out, and posts that the file does not have.

    Raises:
        DataError: If the file has none of the posts, or groups none of them.
    """
    row_of = _by_any_id(groups)
    rows = [row_of(pair.id) for pair in pairs]
    found = [row for row in rows if row is not None]
    if not found:
        stated, wanted = (list(ids)[:_SHOWN] for ids in (groups.by_id, (p.id for p in pairs)))
        raise DataError(
            f"groups: has none of the {len(pairs)} posts (ids there: {', '.join(stated)}; of the "
            f"posts: {', '.join(wanted)}); expected a column id with the ids of posts",
            path=groups.path,
        )
    values = {
        column: Counter(row.get(column, UNGROUPED) for row in found)
        for column in dict.fromkeys(column for row in found for column in row)
    }
    chosen = [column for column, counts in values.items() if 1 < len(counts) <= MAX_GROUPS]
    if not chosen:
        raise DataError(
            f"groups: no column divides the posts into 2 to {MAX_GROUPS} groups (values: "
            f"{_listed(values, values)})",
            path=groups.path,
        )
    left_out = [column for column in values if column not in chosen]
    if left_out:
        on_note(
            f"{groups.path}: columns that are no groupings, which have 2 to {MAX_GROUPS} values: "
            f"{_listed(left_out, values)}"
        )
    if len(found) < len(pairs):
        on_note(f"{groups.path}: {len(pairs) - len(found)} of {len(pairs)} posts have no group")
    seen = [row for identifier in training if (row := row_of(identifier)) is not None]
    own = [{column: (row or {}).get(column, UNGROUPED) for column in chosen} for row in rows]
    for column in chosen:
        known = {row.get(column, UNGROUPED) for row in seen}
        name = IN_TRAINING.format(column)
        if known and not known >= {row[column] for row in own}:
            for row in own:
                row.setdefault(name, "seen" if row[column] in known else "unseen")
    return [replace(pair, groups=row) for pair, row in zip(pairs, own, strict=True)]


def _by_any_id(groups: Groups) -> Callable[[str], dict[str, str] | None]:
    """Return what finds the row of a post by its id, with or without the ending of an image.

    Files of predictions are read without it; where two posts differ in nothing else, only the whole
    id counts.
    """
    short = [sample_id(name) for name in groups.by_id]
    counts = Counter(short)
    rows = {n: row for n, row in zip(short, groups.by_id.values(), strict=True) if counts[n] == 1}
    return lambda name: groups.by_id.get(name, rows.get(sample_id(name)))


def groups_of_folder(
    pairs: Sequence[SamplePair],
    folder: Path,
    *,
    training: Iterable[str] = (),
    on_note: Callable[[str], None] = lambda _: None,
) -> list[SamplePair]:
    """Return the pairs with the groups of their data folder; as they are where it has none.

    Nobody asked for the file, so that one which cannot be read is noted and no error.

    Args:
        pairs: The pairs.
        folder: The data folder.
        training: Ids of the training posts.
        on_note: Called with what is left out.
    """
    path = find_groups(folder)
    if path is None:
        return list(pairs)
    try:
        return with_groups(pairs, read_groups(path), training=training, on_note=on_note)
    except DataError as error:
        on_note(f"scores have no groups of posts: {error}")
        return list(pairs)


def groupings_of(pairs: Iterable[Grouped]) -> list[str]:
    """Return the names of the groupings that some of the posts are in."""
    return list(dict.fromkeys(column for pair in pairs for column in pair.groups))


def group_of(pair: Grouped, column: str) -> str:
    """Return the group that a grouping puts a post in."""
    return pair.groups.get(column, UNGROUPED)


def groups_of(pairs: Iterable[Grouped], column: str) -> list[str]:
    """Return the groups of a grouping, those with most posts first."""
    return [group for group, _ in Counter(group_of(pair, column) for pair in pairs).most_common()]


def _listed(columns: Iterable[str], values: dict[str, Counter[str]]) -> str:
    return ", ".join(f"{column} ({len(values[column])})" for column in columns)
