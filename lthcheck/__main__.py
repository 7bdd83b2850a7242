"""`python -m lthcheck`."""

from lthcheck.cli import main

main()
