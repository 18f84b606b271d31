"""One id -> everything a page shows, in a fixed number of queries; templates only loop and print what is made here.

Owns which rows a page needs and how they become text. Must not know requests, permissions or templates."""
