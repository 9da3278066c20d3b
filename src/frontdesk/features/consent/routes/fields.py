"""What fields of requests about consent may hold."""

from typing import Annotated

from pydantic import AfterValidator, Field

E164 = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", examples=["+12065550123"])]


def _can_be_kept(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold the character NUL")
    return text


Kept = AfterValidator(_can_be_kept)
Words = Annotated[str, Field(min_length=1, max_length=500), Kept]
