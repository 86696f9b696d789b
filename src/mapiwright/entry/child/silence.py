"""Takes the standard streams from the guest: what it prints is no answer. Standard library only."""

from __future__ import annotations

import os


def silence() -> int:
    """Keep standard output as the private channel, give the guest nowhere to read and print, and return the channel.

    Standard error stays: its tail is the log. The channel is not inherited by what the guest starts.
    """
    channel = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return channel
