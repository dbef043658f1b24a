"""aioimaplib 2.0.3 beside our drop-in for it: each test is run on both."""
