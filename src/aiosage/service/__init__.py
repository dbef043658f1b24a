"""aiosage as a program."""
