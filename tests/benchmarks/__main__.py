"""`make bench`: the parts one after the other, each in a process of its own.

python -m tests.benchmarks [PART or all] [options of the part]"""

import subprocess
import sys

PARTS = ("relay", "console", "shares", "callbacks", "doors")
ASKED_FOR = ("memory", "long_stream", "noise", "writes", "sizing", "churn", "reaping", "conversions", "cores", "growth", "journal")
"""They take minutes, or are sums on what others measured."""


def main(part: str = "all", *options: str) -> int:
    if part not in (*PARTS, *ASKED_FOR, "all"):
        sys.stderr.write(f"There is no part “{part}”. Choose {', '.join((*PARTS, *ASKED_FOR))} or all.\n")
        return 2
    chosen = PARTS if part == "all" else (part,)
    return max(subprocess.run([sys.executable, "-m", f"tests.benchmarks.{each}", *options], check=False).returncode for each in chosen)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
