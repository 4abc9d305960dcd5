"""The benchmark's Runtime API with callers who do not wait for one another: events arrive on time.

Latency is counted from the moment at which an event was due, so that a runtime which falls behind cannot hide
it by slowing its callers down. Where no lane polls, an event waits here.

To what `bench.runtime_api` is told, this adds `offer COUNT RATE`: so many events, so many per second. The
figures that follow have the latencies' quantiles.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import sys
import time
from collections import deque
from pathlib import Path

from bench.runtime_api import Lane, RuntimeApi, say

MILLISECOND = 1_000_000  # nanoseconds


class OpenLoop(RuntimeApi):
    """All lanes, and a clock by which events arrive."""

    def __init__(self, event: bytes, lanes: int) -> None:
        super().__init__(event, lanes)
        self.interval = 0
        self.due = 0  # when the next event arrives; 0 when callers wait for one another
        self.queue: deque[int] = deque()
        self.waiting: deque[Lane] = deque()
        self.given: dict[Lane, int] = {}
        self.latencies: list[int] = []
        self.first_poll = self.all_polling = 0

    def run(self) -> None:
        """Listen, say where, and serve until stdin ends."""
        with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
            listener.setblocking(False)
            control = sys.stdin.fileno()
            self.epoll.register(listener.fileno(), select.EPOLLIN)
            self.epoll.register(control, select.EPOLLIN)
            say(f"listening {listener.getsockname()[1]}")
            while True:
                for descriptor, events in self.epoll.poll(self.patience()):
                    if (lane := self.lanes.get(descriptor)) is not None:
                        self.attend(lane, events)
                    elif descriptor == control:
                        if not (line := os.read(control, 100)):
                            return
                        self.obey(line.split())
                    else:
                        self.welcome(listener)
                if self.due:
                    self.arrive()

    def patience(self) -> float:
        """How long to sleep. epoll counts in milliseconds: the last of them is spent awake."""
        if not self.due:
            return -1
        left = self.due - time.perf_counter_ns()
        return 0 if left < 2 * MILLISECOND else left / 1e9 - 0.001

    def obey(self, words: list[bytes]) -> None:
        """`serve COUNT` or `offer COUNT RATE`."""
        self.latencies = []
        self.due = 0
        if words[0] == b"offer":
            self.interval = int(1e9 / float(words[2]))
            self.left = self.unanswered = self.served = int(words[1])
            self.errors = 0
            self.announced = False
            self.cpu_began = time.process_time_ns()
            self.began = self.due = time.perf_counter_ns()
        else:
            self.waiting.clear()
            self.start(int(words[1]))

    def arrive(self) -> None:
        """Take in the events that are due, and hand out what lanes wait for."""
        now = time.perf_counter_ns()
        while self.due and self.due <= now:
            self.queue.append(self.due)
            self.left -= 1
            self.due = self.due + self.interval if self.left else 0
        self.hand_out()

    def hand_out(self) -> None:
        """An event for each lane that waits, in the order of both."""
        while self.queue and self.waiting:
            lane = self.waiting.popleft()
            lane.polling = False
            self.given[lane] = self.queue.popleft()
            self.serial += 1
            lane.expected = b"-%012d/" % self.serial
            self.send(lane, self.head % self.serial, self.body)

    def accept(self, lane: Lane) -> None:
        """The whole answer is here."""
        if lane in self.given:
            self.latencies.append(time.perf_counter_ns() - self.given.pop(lane))
        super().accept(lane)

    def poll(self, lane: Lane) -> None:
        """A lane waits, or goes on at once where callers wait for one another."""
        if self.left and not self.due and not self.queue:
            super().poll(lane)
            return
        lane.polling = True
        self.waiting.append(lane)
        self.hand_out()
        self.announce_if_idle()

    def announce_if_idle(self) -> None:
        """When the last of the lanes waits, everything before is done."""
        waiting = sum(lane.polling for lane in self.lanes.values())
        if not self.first_poll:
            self.first_poll = time.monotonic_ns()
        if self.announced or self.unanswered or waiting != self.expected_lanes:
            return
        self.announced = True
        ordered = sorted(self.latencies)
        figures = {
            "invocations": self.served,
            "errors": self.errors,
            "wall_ns": self.ended - self.began,
            "server_cpu_ns": time.process_time_ns() - self.cpu_began,
            "first_poll_ns": self.first_poll,
            "all_polling_ns": time.monotonic_ns(),
            "p50_ns": ordered[len(ordered) // 2] if ordered else 0,
            "p99_ns": ordered[len(ordered) * 99 // 100] if ordered else 0,
        }
        say(f"idle {json.dumps(figures)}")


def main() -> None:
    """Serve the event in a file to a number of lanes."""
    parser = argparse.ArgumentParser(description="a Runtime API whose callers do not wait")
    parser.add_argument("event", type=Path, help="the file with the event's bytes")
    parser.add_argument("lanes", type=int, help="how many polls must wait before events are handed out")
    arguments = parser.parse_args()
    OpenLoop(arguments.event.read_bytes(), arguments.lanes).run()


if __name__ == "__main__":
    main()
