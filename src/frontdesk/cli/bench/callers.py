"""Made-up people with numbers of their own."""

from __future__ import annotations

from functools import cache

# Codes of +1 outside of the United States and Canada, whose people a business does not text unless it says so.
ABROAD = frozenset(
    (242, 246, 264, 268, 284, 345, 441, 473, 649, 658, 664, 721, 758, 767, 784, 809, 829, 849, 868, 869, 876)
)
# Where our demo businesses live, and codes that carriers treat specially, are left out.
AREA_CODES = tuple(code for code in range(220, 990) if code not in {500, 602, 900} | ABROAD)
LINES = 100
MAX_CALLERS = len(AREA_CODES) * LINES
MAX_PEOPLE = 117_000


def caller_number(index: int) -> str:
    """Make the number of person `index` (0 to 74,599), from the lines 555-0100 to 555-0199 kept free for fiction."""
    return f"+1{AREA_CODES[index // LINES]}55501{index % LINES:02d}"


def person_number(index: int) -> str:
    """Make the number of person `index` (0 to 116,999): as `caller_number`, then 555-0200 to 555-0299.

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
