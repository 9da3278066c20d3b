"""Made-up people with numbers of their own."""

from __future__ import annotations

from functools import cache

# Where our demo businesses live, and codes that carriers treat specially, are left out.
AREA_CODES = tuple(code for code in range(220, 990) if code not in {500, 602, 900})
LINES = 100
MAX_CALLERS = len(AREA_CODES) * LINES
MAX_PEOPLE = 119_000


def caller_number(index: int) -> str:
    """Make the number of person `index` (0 to 76,699), from the lines 555-0100 to 555-0199 kept free for fiction."""
    return f"+1{AREA_CODES[index // LINES]}55501{index % LINES:02d}"


def person_number(index: int) -> str:
    """Make the number of person `index` (0 to 118,999): as `caller_number`, then 555-0200 to 555-0299.

    Only stub carriers may be given those.
    """
    if index < MAX_CALLERS:
        return caller_number(index)
    code, line = divmod(index - MAX_CALLERS, LINES)
    return f"+1{_assigned_codes()[code]}55502{line:02d}"


@cache
def _assigned_codes() -> tuple[int, ...]:
    """List the area codes in which 555-02xx is a number that an import takes."""
    from frontdesk.features.contacts import describe
    from frontdesk.features.contacts.phones import PhoneKind

    return tuple(code for code in AREA_CODES if describe(f"+1{code}5550200").kind is not PhoneKind.UNKNOWN)
