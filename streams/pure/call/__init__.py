"""One live call and its streams, as rules: (message, now) -> effects. No socket, no clock, no dialect, no rows.

`session` is the call, `stream` one fork of it; both ask `fork`, `talkback` and `playback` for their parts."""
