"""What is heard again of a stream: frames that were sent and played become two tracks of one length, in time with each other.

(frames, times) -> samples. Every time is a number of milliseconds on one clock; no socket, no clock, no file."""
