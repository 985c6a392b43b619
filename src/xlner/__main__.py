"""`python -m xlner`."""

from xlner.cli import main

main()
