"""A cable between two network namespaces that can be made bad.

    wire.py PID ADDRESS PID ADDRESS

Each end is a TUN device in the network namespace of a process, with an address of a common /24. Packets are carried in
this process, so it needs no module of the kernel but tun. Standard input takes one command a line, and each is
acknowledged on standard output:

    good                       every packet at once (the state at first)
    worse DELAY_MS LOSS        each way this late, and this part of the packets (0 to 1) gets lost
    hole [PORT...]             packets vanish: all, or those from and to these TCP ports
    drip PER_SECOND            so many packets in a second, each way
    cut, plug                  the device at the first end goes down and up, which its programs notice
"""

import contextlib
import fcntl
import heapq
import os
import random
import selectors
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
MTU = 1500
# Like a router's: what does not fit is lost.
MAX_QUEUED = 10_000


class Cable:
    def __init__(self, ends):
        self.ends = ends
        self.random = random.Random(1)
        self.queue = []
        self.count = 0
        self.free_at = [0.0, 0.0]
        self.good()

    def good(self):
        self.delay, self.loss, self.hole, self.ports, self.interval = 0.0, 0.0, False, set(), 0.0

    def command(self, words):
        name, arguments = words[0], words[1:]
        if name in ("cut", "plug"):
            self.ends[0].set_up(name == "plug")
            return
        self.good()
        if name == "worse":
            self.delay, self.loss = float(arguments[0]) / 1000, float(arguments[1])
        elif name == "hole":
            self.hole, self.ports = True, {int(port) for port in arguments}
        elif name == "drip":
            self.interval = 1 / float(arguments[0])
        elif name != "good":
            raise ValueError(f"no command {name}")

    def vanishes(self, packet):
        if self.random.random() < self.loss:
            return True
        if not self.hole or not self.ports:
            return self.hole
        header = (packet[0] & 15) * 4
        ports = struct.unpack("!HH", packet[header : header + 4]) if packet[9] == 6 else ()
        return not self.ports.isdisjoint(ports)

    def take(self, side, packet, now):
        if packet[0] >> 4 != 4 or self.vanishes(packet) or len(self.queue) >= MAX_QUEUED:
            return
        due = max(now + self.delay, self.free_at[side] + self.interval)
        self.free_at[side] = due if self.interval else 0.0
        self.count += 1
        heapq.heappush(self.queue, (due, self.count, 1 - side, packet))

    def deliver(self, now):
        """Sends what is due and returns how long until the next packet is, if there is any."""
        while self.queue and self.queue[0][0] <= now:
            _, _, side, packet = heapq.heappop(self.queue)
            # A device that is down takes nothing.
            with contextlib.suppress(OSError):
                os.write(self.ends[side].file, packet)
        return max(0.0, self.queue[0][0] - now) if self.queue else None


class End:
    def __init__(self, name, process, address):
        self.name, self.process = name, process
        self.file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
        # The device moves; the file stays attached to it.
        subprocess.run(["ip", "link", "set", name, "netns", process], check=True)
        self.inside("ip", "address", "add", f"{address}/24", "dev", name)
        self.inside("ip", "link", "set", "lo", "up")
        self.set_up(True)

    def inside(self, *command):
        subprocess.run(["nsenter", "--net", "--target", self.process, *command], check=True)

    def set_up(self, up):
        self.inside("ip", "link", "set", self.name, "up" if up else "down")

    def read(self):
        try:
            return os.read(self.file, MTU + 100)
        except OSError:
            return b""


def main(first, address, second, other_address):
    ends = [End("wire0", first, address), End("wire1", second, other_address)]
    cable = Cable(ends)
    selector = selectors.DefaultSelector()
    for side, end in enumerate(ends):
        selector.register(end.file, selectors.EVENT_READ, side)
    selector.register(sys.stdin, selectors.EVENT_READ, "commands")
    print("ready", flush=True)
    while True:
        wait = cable.deliver(time.monotonic())
        for key, _ in selector.select(wait):
            if key.data == "commands":
                line = sys.stdin.readline()
                if not line:
                    return
                cable.command(line.split())
                print("done", flush=True)
                continue
            while packet := ends[key.data].read():
                cable.take(key.data, packet, time.monotonic())


main(*sys.argv[1:])
