"""``python -m agentramp``: the same as the ``agentramp`` command."""

from agentramp.cli import main

raise SystemExit(main())
