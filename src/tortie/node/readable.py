"""Waiting for a socket without taking anything from it.

For: listeners: what is accepted in one step together with what becomes of it cannot be lost to a cancellation between
the two, as it can with the event loop's own accept. Not for: reading.
"""

import asyncio
import socket

__all__ = ["readable"]


async def readable(listener: socket.socket) -> None:
    """Wait until somebody connects."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(listener.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(listener.fileno())
