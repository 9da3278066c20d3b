from __future__ import annotations

from uuid import UUID

import pytest

from frontdesk.kernel.actor import Actor, person, program, system

WHO = UUID(int=7)


def test_people_programs_and_parts_are_named_in_one_way() -> None:
    assert person(WHO, "ada@example.com") == Actor(f"user:{WHO}", "ada@example.com")
    assert program(WHO, "zapier") == Actor(f"token:{WHO}", "token:zapier")
    assert system("cli/ada") == Actor("system:cli/ada")
    assert person(WHO, "ada@example.com").shown == "ada@example.com"
    assert system("cli/ada").shown == "system:cli/ada"


@pytest.mark.parametrize(
    "text",
    ["", "ada@example.com", "ada", "user:", "user:ada", f"user:{WHO} ", f"user:{WHO}\n", f"User:{WHO}",
     f"user:{WHO.hex}", "token:zapier", "system:", "system:a b", "system:a\x00", "system:" + "a" * 201, f"robot:{WHO}"],
)  # fmt: skip
def test_what_is_not_an_id_is_not_an_actor(text: str) -> None:
    with pytest.raises(ValueError, match="names no actor"):
        Actor(text)
