"""The lists that a recommender makes for the users of a part, and what was to be found in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.evaluation.ranking import CUT, Lists, Ranked, ranked
from ml.evaluation.recommender_document import ShownItem, ShownList
from ml.families.recommender.card import RecommenderCard
from ml.families.recommender.scoring import Scorer, best_of, top_items
from ml.ratings import RatingSet, encode_pairs

Numbers = npt.NDArray[np.int64]
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """Users of a part, and what each of them is to be recommended."""

    codes: Numbers
    """Place of each user in the data, ascending, shape (users,)."""
    users: Numbers
    """Number of each user as the model knows it, 0 for one that it does not."""
    relevant: Mapping[int, frozenset[int]]
    """By place in the arrays: numbers of items to be found. Those that the model does not know are below 0."""
    leave_out: Sequence[Numbers]
    """By place in the arrays: numbers of items that are not to be named."""


def sought_in(data: RatingSet, rows: Numbers, card: RecommenderCard) -> Sought:
    """Return what is to be found in these rows: what users chose there, of ratings those from the mean on.

    Left out of a list is what the user has in the rest of the data, or had in training, but not in these rows.
    """
    pairs = encode_pairs(data, np.arange(len(data)), users=card.users, items=card.items).astype(np.int64)
    is_measured = np.zeros(len(data), np.bool_)
    is_measured[rows] = True
    relevant = _items_of(data, pairs, is_measured & _is_liked(data, card))
    measured, others = _items_of(data, pairs, is_measured), _items_of(data, pairs, ~is_measured)
    codes = np.array(sorted(relevant), np.int64)
    numbers = dict(zip(data.user_of.tolist(), pairs[:, 0].tolist(), strict=True))
    users = np.array([numbers[code] for code in codes.tolist()], np.int64)
    return Sought(
        codes,
        users,
        {place: frozenset(relevant[code]) for place, code in enumerate(codes.tolist())},
        [
            _known((others[code] | set(_chosen(card, user))) - measured[code])
            for code, user in zip(codes.tolist(), users.tolist(), strict=True)
        ],
    )


def listed(scorer: Scorer, sought: Sought) -> Lists:
    """Return the lists of the model (users, at most `CUT`), 0 where there is nothing left to name."""
    return top_items(scorer, sought.users, sought.leave_out.__getitem__, most=CUT)


def popular_lists(card: RecommenderCard, sought: Sought) -> Lists:
    """Return the lists of the most chosen items of the train part."""
    counts = np.zeros(len(card.items) + 1, np.float32)
    for items in card.chosen:
        counts[list(items)] += 1
    return np.concatenate([best_of(counts[None, :], [items], most=CUT) for items in sought.leave_out])


def scored(lists: Lists, sought: Sought, card: RecommenderCard) -> Ranked:
    """Return what lists come to."""
    return ranked(lists, sought.relevant, items=len(card.items))


def shown_lists(
    data: RatingSet, card: RecommenderCard, sought: Sought, lists: Lists, *, most: int
) -> tuple[ShownList, ...]:
    """Return the lists of the first users with names in the place of numbers."""
    return tuple(
        ShownList(
            user=data.users[sought.codes[place]],
            before=tuple(card.items[item - 1] for item in _chosen(card, int(sought.users[place]))[-_SHOWN:]),
            chose=tuple(_name(item, data, card) for item in sorted(sought.relevant[place])[:_SHOWN]),
            items=tuple(
                ShownItem(name=card.items[item - 1], relevant=item in sought.relevant[place])
                for item in lists[place].tolist()
                if item
            ),
        )
        for place in range(min(most, len(sought.codes)))
    )


def _is_liked(data: RatingSet, card: RecommenderCard) -> npt.NDArray[np.bool_]:
    if card.rating is None or data.ratings is None:
        return np.ones(len(data), np.bool_)
    liked: npt.NDArray[np.bool_] = data.ratings >= card.rating.mean
    return liked


def _items_of(data: RatingSet, pairs: Numbers, is_taken: npt.NDArray[np.bool_]) -> defaultdict[int, set[int]]:
    """Return the numbers of the items of each user's rows; an unknown item is -1 less its place in the data."""
    numbers = np.where(pairs[:, 1] > 0, pairs[:, 1], -1 - data.item_of)[is_taken]
    items: defaultdict[int, set[int]] = defaultdict(set)
    for code, number in zip(data.user_of[is_taken].tolist(), numbers.tolist(), strict=True):
        items[code].add(number)
    return items


def _chosen(card: RecommenderCard, user: int) -> tuple[int, ...]:
    return card.chosen[user - 1] if user else ()


def _known(numbers: set[int]) -> Numbers:
    return np.array(sorted(number for number in numbers if number > 0), np.int64)


def _name(number: int, data: RatingSet, card: RecommenderCard) -> str:
    return card.items[number - 1] if number > 0 else data.items[-1 - number]
