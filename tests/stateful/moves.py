"""Everything that can happen to jobs, as rules for hypothesis: in any order, by anybody, with stale knowledge."""

from __future__ import annotations

from tests.stateful.orders import Orders
from tests.stateful.people import People
from tests.stateful.progress import Progress
from tests.stateful.upkeep import Upkeep
from tests.stateful.work import Work


class Moves(Orders, Work, Progress, People, Upkeep):
    """All rules."""
