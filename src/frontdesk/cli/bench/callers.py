"""Made-up people with numbers of their own."""

from __future__ import annotations

# Where our demo businesses live, and codes that carriers treat specially, are left out.
AREA_CODES = tuple(code for code in range(220, 990) if code not in {500, 602, 900})
LINES = 100
MAX_CALLERS = len(AREA_CODES) * LINES


def caller_number(index: int) -> str:
    """Make the number of person `index` (0 to 76,699), from the lines 555-0100 to 555-0199 kept free for fiction."""
    return f"+1{AREA_CODES[index // LINES]}55501{index % LINES:02d}"
