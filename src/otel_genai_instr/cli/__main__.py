"""``python -m otel_genai_instr.cli`` is ``otel-genai``."""

import sys

from .command import main

sys.exit(main())
