"""How late this machine is for a process that does as little as one can: a timer of 20 ms, a fortieth of it at work.

Run as a process beside those that are judged: what it suffers, they suffer, and it is none of their doing. It prints the gaps that were
longer than usual, each with its moment by the clock that all processes of a machine share."""

import time

TICK_SECONDS, WORK_SECONDS, USUAL_MS = 0.02, 0.0005, 25.0


def main() -> None:
    last = time.monotonic()
    while True:
        time.sleep(TICK_SECONDS)
        until = time.thread_time() + WORK_SECONDS
        while time.thread_time() < until:
            pass
        now = time.monotonic()
        if (gap_ms := (now - last) * 1000 - WORK_SECONDS * 1000) > USUAL_MS:
            print(f"{now:.3f} {gap_ms:.0f}", flush=True)
        last = now


if __name__ == "__main__":
    main()
