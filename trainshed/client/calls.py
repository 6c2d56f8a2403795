"""What all groups of calls share."""

from __future__ import annotations

from trainshed.client.transport import Transport


class Calls:
    """A group of calls to one server. What a group may repeat it says beside the call."""

    _transport: Transport
