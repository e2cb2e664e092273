"""`python -m outrider.plugin.cli` is `outrider`."""

from . import main

main()
