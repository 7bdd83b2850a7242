"""`python -m lthcheck.cli`."""

from lthcheck.cli import main

main()
