"""The connection to one BMP collector: made, made again, and never in the speaker's way.

For: carrying a `BMPFeed` over TCP. Not for: what is sent (bgp/watch/bmp_feed.py).
RFC 7854 §3.2 (the router connects, with back-off), §3.3, §4.5.
Structure to know: `BMPClient`.

A collector that reads slowly lets the feed's queue grow to its limit, no further: then the connection is given up, and
the next one begins with the state. One that does not read at all is given up after SEND_TIMEOUT_S.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from tortie.bgp.watch import BMPFeed

__all__ = ["BMPClient"]

RETRY_FIRST_S: Final = 30.0
RETRY_LONGEST_S: Final = 720.0
"""Pauses between two attempts, RFC 7854 §3.2's: each twice as long as the one before."""

CONNECT_TIMEOUT_S: Final = 10.0
SEND_TIMEOUT_S: Final = 60.0
GOODBYE_TIMEOUT_S: Final = 1.0
STATISTICS_S: Final = 60.0
WRITE_BUFFER_BYTES: Final = 262144
READ_BYTES: Final = 4096


class _Ended(Exception):
    """Why a connection ended."""


class BMPClient:
    """See the module's header. Its `run` is one task of the agent.

    Args:
        feed: what is sent; attached to an engine by the owner.
        host, port: of the collector.
        report: is told what came of it: a text, and whether the collector is there.
        jitter: 0.75 to 1.0, for pauses that are to be spread.
    """

    def __init__(
        self,
        feed: BMPFeed,
        host: str,
        port: int,
        *,
        report: Callable[[str, bool], None],
        jitter: Callable[[], float],
    ) -> None:
        """Connect to nothing before `run`."""
        self._feed = feed
        self._host = host
        self._port = port
        self._report = report
        self._jitter = jitter
        self._news = asyncio.Event()

    def note_news(self) -> None:
        """The feed has something to send."""
        self._news.set()

    async def run(self) -> None:
        """Keep the collector informed until cancelled."""
        retry_s = RETRY_FIRST_S
        while True:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    reader, writer = await asyncio.open_connection(self._host, self._port)
            except TimeoutError:
                self._report(f"no answer in {CONNECT_TIMEOUT_S:g} s", False)
            except OSError as error:
                self._report(error.strerror or str(error), False)
            else:
                retry_s = RETRY_FIRST_S
                self._report("connected", True)
                self._report(await self._serve(reader, writer), False)
            await asyncio.sleep(retry_s * self._jitter())
            retry_s = min(2 * retry_s, RETRY_LONGEST_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Send until the connection ends; return why it did."""
        writer.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._feed.start()
        reason = ""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(writer))
                tasks.create_task(_wait_for_end(reader))
                tasks.create_task(self._report_statistics())
        except* _Ended as ended:
            reason = str(ended.exceptions[0])
        except* OSError as error:
            reason = f"connection lost: {error.exceptions[0]}"
        finally:
            self._feed.stop()
            await _close(writer, self._feed.goodbye() if not reason else b"")
        return reason

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        while True:
            self._news.clear()
            while chunk := self._feed.next_chunk():
                writer.write(chunk)
                try:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await writer.drain()
                except TimeoutError as error:
                    raise _Ended(f"it has read nothing for {SEND_TIMEOUT_S:g} s") from error
            if self._feed.is_overrun:
                raise _Ended("it does not keep up; it will be told all again")
            await self._news.wait()

    async def _report_statistics(self) -> None:
        while True:
            await asyncio.sleep(STATISTICS_S)
            self._feed.put_statistics()


async def _wait_for_end(reader: asyncio.StreamReader) -> None:
    """Return never: a collector has nothing to say (RFC 7854 §3.2), what it says all the same is dropped."""
    while await reader.read(READ_BYTES):
        pass
    raise _Ended("closed by the collector")


async def _close(writer: asyncio.StreamWriter, goodbye: bytes) -> None:
    """Close in order when we leave, else at once."""
    if not goodbye:
        writer.transport.abort()
        return
    try:
        async with asyncio.timeout(GOODBYE_TIMEOUT_S):
            writer.write(goodbye)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
