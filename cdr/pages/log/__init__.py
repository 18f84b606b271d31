"""The debug log as pages: whose it is, its rows from any place on, its page, the time line of a call, and two logs side by side."""
